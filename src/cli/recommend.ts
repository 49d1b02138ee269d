import { formatUsdRange } from '../core/catalog/cost.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { formatScore, type Route } from '../core/routing/route.ts';
import { loadConfig } from '../engine/config/load.ts';
import { readAllPrompts } from '../engine/config/read-prompts.ts';
import { logRoute } from '../engine/decisions/decision-log.ts';
import { scoreFields } from './estimate.ts';
import { askForInput } from './options.ts';
import { makeRouter, type RoutingOptions } from './routing.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface RecommendOptions extends RoutingOptions {
  readonly file: string;
  readonly config: string;
  /** Decision log to add to. */
  readonly log?: string;
  readonly json?: true;
}

/** Prints for each prompt the model to send it to, why, and what that may cost. Nothing is sent. */
export async function recommend(options: RecommendOptions, terminal: Terminal): Promise<ExitCode> {
  askForInput(options.file, terminal);
  const router = await makeRouter(options.file, options, await loadConfig(options.config), options.config);
  for (const prompt of await readAllPrompts(options.file, { textOnly: true })) {
    const found = router.route(prompt);
    if (options.log !== undefined) logRoute(options.log, prompt.text, found);
    await terminal.out(options.json === true ? jsonLine(prompt.id, found) : paragraph(prompt.id, found));
  }
  return exit.done;
}

function jsonLine(id: string, found: Route): string {
  const { complexity, adjustedScore, tier, scoreTier, decidedBy, model, tokens, cost, reasons } = found;
  return `${JSON.stringify({
    id,
    ...scoreFields(complexity),
    adjustedScore,
    tier: tier.name,
    scoreTier: scoreTier.name,
    decidedBy,
    model: model?.ref ?? null,
    tokens,
    costUsd: cost === undefined ? null : { low: cost.lowUsd, high: cost.highUsd },
    simulated: model?.simulated ?? false,
    reasons,
    factors: complexity.factors,
  })}\n`;
}

function paragraph(id: string, found: Route): string {
  const { complexity, tier, decidedBy, model, tokens, expectedOutput } = found;
  const unsure = complexity.uncertainty?.unsure ? '?' : '';
  const by = decidedBy === 'score' ? '' : `, by ${decidedBy}`;
  return [
    `${plainText(id)}: ${model === undefined ? 'no model' : plainText(model.ref)}`,
    `  tier    ${tier.name} (score ${formatScore(complexity.score)}${unsure}${by})`,
    `  tokens  ${tokens.low} to ${tokens.high} in, ${expectedOutput.low} to ${expectedOutput.high} out assumed`,
    `  cost    ${formatUsdRange(found.cost)}`,
    ...found.reasons.map((reason) => `  - ${plainText(reason, 600)}`),
    '',
  ].join('\n');
}
