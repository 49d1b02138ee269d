import { formatUsdRange } from '../core/catalog/cost.ts';
import type { ScorerId } from '../core/complexity/scorer.ts';
import { loadScorer } from '../core/complexity/scorers.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { formatScore, type Route, route } from '../core/routing/route.ts';
import type { Preference } from '../core/routing/tier.ts';
import { makeTiers } from '../core/routing/tiers.ts';
import { loadConfig } from '../engine/config/load.ts';
import { configuredModels } from '../engine/config/models.ts';
import { readAllPrompts } from '../engine/config/read-prompts.ts';
import { askForInput } from './options.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface RecommendOptions {
  readonly file: string;
  readonly config: string;
  readonly scorer: ScorerId;
  readonly preference?: Preference;
  readonly json?: true;
}

/** Prints for each prompt the model to send it to, why, and what that may cost. Nothing is sent. */
export async function recommend(options: RecommendOptions, terminal: Terminal): Promise<ExitCode> {
  askForInput(options.file, terminal);
  const config = await loadConfig(options.config);
  const routing = {
    scorer: await loadScorer(options.scorer),
    tiers: makeTiers(config.tiers),
    models: configuredModels(config.endpoints),
    preference: options.preference ?? config.preference ?? 'balanced',
  };
  for (const { id, text } of await readAllPrompts(options.file)) {
    const found = route(text, routing);
    await terminal.out(options.json === true ? jsonLine(id, found) : paragraph(id, found));
  }
  return exit.done;
}

function jsonLine(id: string, { complexity, adjustedScore, tier, model, tokens, cost, reasons }: Route): string {
  return `${JSON.stringify({
    id,
    score: complexity.score,
    adjustedScore,
    tier: tier.name,
    model: model?.ref ?? null,
    tokens,
    costUsd: cost === undefined ? null : { low: cost.lowUsd, high: cost.highUsd },
    simulated: model?.simulated ?? false,
    reasons,
    factors: complexity.factors,
  })}\n`;
}

function paragraph(id: string, found: Route): string {
  const { complexity, tier, model, tokens, expectedOutput } = found;
  return [
    `${plainText(id)}: ${model === undefined ? 'no model' : plainText(model.ref)}`,
    `  tier    ${tier.name} (score ${formatScore(complexity.score)})`,
    `  tokens  ${tokens.low} to ${tokens.high} in, ${expectedOutput.low} to ${expectedOutput.high} out assumed`,
    `  cost    ${formatUsdRange(found.cost)}`,
    ...found.reasons.map((reason) => `  - ${plainText(reason, 600)}`),
    '',
  ].join('\n');
}
