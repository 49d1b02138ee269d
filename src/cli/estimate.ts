import { largestFactors } from '../core/complexity/explain.ts';
import type { Complexity } from '../core/complexity/scorer.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { aligned } from '../core/report/aligned.ts';
import { formatScore, type Route } from '../core/routing/route.ts';
import { loadConfig } from '../engine/config/load.ts';
import { readPrompts } from '../engine/config/read-prompts.ts';
import { sourceName } from '../engine/config/read-text.ts';
import { askForInput } from './options.ts';
import { makeRouter, type RoutingOptions } from './routing.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface EstimateOptions extends RoutingOptions {
  readonly file: string;
  readonly config?: string;
  readonly json?: true;
}

/** Characters that are gathered before they are written. */
const BATCH = 64 * 1024;
/** Bad rows that are described one by one. */
const SHOWN_PROBLEMS = 10;

/**
 * Prints complexity, tier and tokens of each prompt, in input order and in memory that does not grow with the input.
 * Rows that are no prompt are named on stderr and skipped; the exit code then says so.
 */
export async function estimate(options: EstimateOptions, terminal: Terminal): Promise<ExitCode> {
  askForInput(options.file, terminal);
  const config = options.config === undefined ? undefined : await loadConfig(options.config);
  const router = await makeRouter(options.file, options, config, options.config);
  const rows: string[][] = [];
  let batch = '';
  let problems = 0;
  for await (const row of readPrompts(options.file, { textOnly: true })) {
    if ('message' in row) {
      problems += 1;
      if (problems <= SHOWN_PROBLEMS)
        terminal.note(`tierwise: ${sourceName(options.file)}:${row.line}: ${row.message}`);
      continue;
    }
    const found = router.route(row);
    if (options.json !== true) {
      rows.push(tableRow(row.id, found));
      continue;
    }
    batch += jsonLine(row.id, found);
    if (batch.length >= BATCH) {
      await terminal.out(batch);
      batch = '';
    }
  }
  await terminal.out(rows.length > 0 ? table(rows) : batch);
  if (problems > SHOWN_PROBLEMS) terminal.note(`tierwise: ${problems - SHOWN_PROBLEMS} more rows are no prompts.`);
  return problems === 0 ? exit.done : exit.wrongUse;
}

function jsonLine(id: string, { complexity, tokens, tier, decidedBy }: Route): string {
  return `${JSON.stringify({ id, tokens: tokens.tokens, ...scoreFields(complexity), tier: tier.name, decidedBy, factors: complexity.factors })}\n`;
}

/** What a scorer says, for a line of JSON: null where it does not say. */
export function scoreFields(complexity: Complexity) {
  const { scorer, profile = null, score, base = 0, pFail = null, gain = null, uncertainty } = complexity;
  const { unsure = null, low = null, high = null } = uncertainty ?? {};
  return { score, pFail, gain, unsure, low, high, base, scorer, profile };
}

function tableRow(id: string, { complexity, tokens, tier, scoreTier, decidedBy }: Route): string[] {
  const { score, pFail, uncertainty } = complexity;
  const because = largestFactors(complexity, 3).map(({ words }) => words);
  return [
    plainText(id, 32),
    `${formatScore(score)}${uncertainty?.unsure ? '?' : ''}`,
    pFail === undefined ? 'unknown' : `${Math.round(pFail * 100)} %`,
    decidedBy === 'score' ? tier.name : `${tier.name} (${decidedBy}; by score ${scoreTier.name})`,
    `~${tokens.tokens}`,
    because.join('; '),
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const head = ['prompt', 'score', 'P(fail)', 'tier', 'tokens', 'because of'];
  return `${aligned([head, ...rows], ['left', 'right', 'right', 'left', 'right', 'left']).join('\n')}\n`;
}
