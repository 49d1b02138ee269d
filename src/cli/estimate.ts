import { largestFactors } from '../core/complexity/explain.ts';
import type { Complexity, ScorerId } from '../core/complexity/scorer.ts';
import { loadScorer } from '../core/complexity/scorers.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import type { Prompt } from '../core/prompts/prompt.ts';
import { estimateTokens } from '../core/prompts/tokens.ts';
import { aligned } from '../core/report/aligned.ts';
import { formatScore } from '../core/routing/route.ts';
import type { Preference, TierName } from '../core/routing/tier.ts';
import { adjustScore, defaultTiers, tierOf } from '../core/routing/tiers.ts';
import { readPrompts } from '../engine/config/read-prompts.ts';
import { sourceName } from '../engine/config/read-text.ts';
import { askForInput } from './options.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface EstimateOptions {
  readonly file: string;
  readonly scorer: ScorerId;
  readonly preference: Preference;
  readonly json?: true;
}

interface Estimate {
  readonly id: string;
  readonly tokens: number;
  readonly tier: TierName;
  readonly complexity: Complexity;
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
  const scorer = await loadScorer(options.scorer);
  const estimates: Estimate[] = [];
  let batch = '';
  let problems = 0;
  for await (const row of readPrompts(options.file)) {
    if ('message' in row) {
      problems += 1;
      if (problems <= SHOWN_PROBLEMS)
        terminal.note(`tierwise: ${sourceName(options.file)}:${row.line}: ${row.message}`);
      continue;
    }
    const found = estimateOf(row, scorer.score(row.text), options.preference);
    if (options.json !== true) {
      estimates.push(found);
      continue;
    }
    batch += jsonLine(found);
    if (batch.length >= BATCH) {
      await terminal.out(batch);
      batch = '';
    }
  }
  await terminal.out(estimates.length > 0 ? table(estimates) : batch);
  if (problems > SHOWN_PROBLEMS) terminal.note(`tierwise: ${problems - SHOWN_PROBLEMS} more rows are no prompts.`);
  return problems === 0 ? exit.done : exit.wrongUse;
}

function estimateOf(prompt: Prompt, complexity: Complexity, preference: Preference): Estimate {
  const tier = tierOf(adjustScore(complexity.score, preference), defaultTiers);
  return { id: prompt.id, tokens: estimateTokens(prompt.text).tokens, tier: tier.name, complexity };
}

function jsonLine({ id, tokens, tier, complexity: { score, factors } }: Estimate): string {
  return `${JSON.stringify({ id, tokens, score, tier, factors })}\n`;
}

function table(estimates: readonly Estimate[]): string {
  const rows = estimates.map(({ id, tokens, tier, complexity }) => [
    plainText(id, 32),
    formatScore(complexity.score),
    tier,
    `~${tokens}`,
    largestFactors(complexity, 3)
      .map(({ words }) => words)
      .join('; '),
  ]);
  const head = ['prompt', 'score', 'tier', 'tokens', 'because of'];
  return `${aligned([head, ...rows], ['left', 'right', 'left', 'right', 'left']).join('\n')}\n`;
}
