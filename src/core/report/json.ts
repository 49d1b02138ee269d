import type { Run } from './run.ts';

/** The whole run for other programs: manifest, summary, prompts, outcomes and records as they were stored. */
export function toJson(run: Run): string {
  return [...jsonParts(run)].join('');
}

/** The same in parts, however many records the run has; each of them stands on a line of its own. */
export function* jsonParts(run: Run): Generator<string> {
  const { manifest, summary, prompts, outcomes = [] } = run;
  const head = JSON.stringify({ schema: 1, manifest, summary, prompts, outcomes }, null, 2);
  yield `${head.slice(0, -2)},\n  "records": [`;
  let lines: string[] = [];
  let first = true;
  for (const record of run.records) {
    lines.push(`${first ? '' : ','}\n    ${JSON.stringify(record)}`);
    first = false;
    if (lines.length < LINES_AT_ONCE) continue;
    yield lines.join('');
    lines = [];
  }
  yield `${lines.join('')}${first ? '' : '\n  '}]\n}\n`;
}

const LINES_AT_ONCE = 1_000;
