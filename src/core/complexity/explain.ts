import { formatUsd, formatUsdRange } from '../catalog/cost.ts';
import type { Figure, Model, Provenance } from '../catalog/model.ts';
import { grouped } from '../numbers.ts';
import { escapeMarkdown, plainText } from '../prompts/plain-text.ts';
import { formatScore, type Route } from '../routing/route.ts';
import { type Preference, tierNames } from '../routing/tier.ts';
import { adjustScore, preferenceFactors, tierOf } from '../routing/tiers.ts';
import type { Complexity, Factor, Uncertainty } from './scorer.ts';

/** The factors that add to the score, largest contribution first; at most `n`. */
export function largestFactors(complexity: Complexity, n = 3): Factor[] {
  return complexity.factors
    .filter(({ contribution }) => contribution > 0)
    .sort((a, b) => b.contribution - a.contribution)
    .slice(0, n);
}

/**
 * A Markdown document that explains a route. Everything that comes from outside (preview, names) is inert in it.
 * @param promptPreview the prompt or its beginning; shortened here.
 */
export function explanationMarkdown(route: Route, promptPreview?: string): string {
  const { complexity, tier } = route;
  const preview = promptPreview === undefined ? '' : plainText(promptPreview, 300);
  const sections = [
    `# Complexity ${formatScore(complexity.score)}: ${tier.name}`,
    preview === '' ? undefined : `> ${escapeMarkdown(preview)}`,
    `## Recommendation\n\n${recommendation(route)}`,
    `## What the score is made of\n\n${factorTable(complexity)}`,
    `## What would change the tier\n\n${changes(route)}`,
    `## Preference\n\n${preferences(route)}`,
    `## How sure this is\n\n${certainty(complexity.uncertainty)}`,
    `## Tokens\n\n${tokens(route)}`,
  ];
  return `${sections.filter((section) => section !== undefined).join('\n\n')}\n`;
}

function recommendation(route: Route): string {
  const { model, cost, expectedOutput, reasons } = route;
  const lines = [
    model ? `**${safe(model.ref)}**` : '**No model**',
    reasons.map((reason) => `- ${safe(reason)}`).join('\n'),
  ];
  if (model) {
    const answer = `an answer of ${grouped(expectedOutput.low)} to ${grouped(expectedOutput.high)} tokens (an assumption)`;
    lines.push(
      cost
        ? `Expected cost of one request: **${formatUsdRange(cost)}**, for the estimated prompt and ${answer}.`
        : 'Expected cost of one request: **unknown**, because a price of this model is not known.',
      priceSources(model),
    );
  }
  return lines.join('\n\n');
}

const sources: Readonly<Record<Provenance, string>> = {
  user: 'your configuration',
  workspace: 'the workspace',
  measured: 'a measurement',
  bundled: 'the bundled price table',
};

function priceSources(model: Model): string {
  const price = (what: string, figure: Figure | undefined): string => {
    if (figure === undefined) return `- ${what}: unknown`;
    if (model.simulated) return `- ${what}: ${formatUsd(figure.value)} per million tokens, made up like the answers`;
    const date = figure.asOf === undefined ? 'no date given' : `as of ${safe(figure.asOf)}`;
    return `- ${what}: ${formatUsd(figure.value)} per million tokens, from ${sources[figure.provenance]}, ${date}`;
  };
  return [price('Input price', model.inputPrice), price('Output price', model.outputPrice)].join('\n');
}

function factorTable({ factors, score }: Complexity): string {
  const rows = factors.map(({ label, words, raw, full, value, weight, contribution }) => {
    const count = full === undefined ? grouped(raw) : `${grouped(raw)} (full at ${grouped(full)})`;
    const weighed = (figure: number | undefined, text: (figure: number) => string) =>
      figure === undefined ? '' : text(figure);
    const cells = [
      safe(label),
      safe(words),
      count,
      weighed(value, (one) => one.toFixed(4)),
      weighed(weight, formatScore),
      contribution.toFixed(4),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| Factor | Found | Count | Value | Weight | Adds |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...rows,
    `| **Score** | | | | | **${score.toFixed(4)}** |`,
    '',
    'Value is the count mapped to 0 to 1; value × weight is what a factor adds; the sum is the score.',
  ].join('\n');
}

function changes(route: Route): string {
  const { tiers, tier, preference } = route;
  const place = tiers.indexOf(tier);
  const above = tiers[place + 1];
  const below = tiers[place - 1];
  const times = preferenceFactors[preference];
  const parts: string[] = [];
  if (above !== undefined) {
    const bound = tier.upTo / times;
    if (bound >= 1) {
      parts.push(`No score reaches the tier ${above.name} while the preference is ${preference}.`);
    } else {
      const ways = route.complexity.factors.flatMap((factor) => wayUp(factor, route, tier.upTo));
      parts.push(
        `It becomes **${above.name}** above a score of ${formatScore(bound)}: ${formatScore(bound - route.complexity.score)} more. ${alone(ways)}`,
      );
    }
  }
  if (below !== undefined) {
    const bound = Math.min(below.upTo / times, 1);
    const ways = route.complexity.factors.flatMap((factor) => wayDown(factor, route, below.upTo));
    parts.push(
      `It becomes **${below.name}** at a score of ${formatScore(bound)} or less: ${formatScore(route.complexity.score - bound)} less. ${alone(ways)}`,
    );
  }
  return parts.join('\n\n');
}

function alone(ways: readonly string[]): string {
  return ways.length === 0 ? 'No single factor does that alone.' : `One of these alone does that: ${ways.join('; ')}.`;
}

/** The smallest count of one factor that lifts the adjusted score above `bound`, everything else unchanged. */
function wayUp(factor: Factor, { complexity, preference }: Route, bound: number): string[] {
  const { full, raw, unit, weight } = factor;
  if (full === undefined || weight === undefined || raw >= full) return [];
  const adjusted = (count: number): number =>
    adjustScore(complexity.score - factor.contribution + Math.min(count / full, 1) * weight, preference);
  if (adjusted(full) <= bound) return [];
  const target = bound / preferenceFactors[preference] - (complexity.score - factor.contribution);
  let count = Math.max(raw, Math.floor((target / weight) * full));
  while (adjusted(count) <= bound) count++;
  return [`${counted(count, unit)} instead of ${grouped(raw)}`];
}

/** The largest count of one factor with which the adjusted score is at most `bound`, everything else unchanged. */
function wayDown(factor: Factor, { complexity, preference }: Route, bound: number): string[] {
  const { full, raw, unit, weight } = factor;
  if (full === undefined || weight === undefined || raw === 0) return [];
  const adjusted = (count: number): number =>
    adjustScore(complexity.score - factor.contribution + Math.min(count / full, 1) * weight, preference);
  if (adjusted(0) > bound) return [];
  const target = bound / preferenceFactors[preference] - (complexity.score - factor.contribution);
  let count = Math.min(raw, full, Math.ceil((target / weight) * full));
  while (adjusted(count) > bound) count--;
  return [`${counted(count, unit)} instead of ${grouped(raw)}`];
}

const preferenceWords: Readonly<Record<Preference, string>> = {
  balanced: 'balanced: the score counts as it is',
  cost: `prioritise cost: the score is multiplied by ${preferenceFactors.cost}`,
  quality: `prioritise quality: the score is multiplied by ${preferenceFactors.quality}, at most 1`,
};

function preferences({ complexity, preference, tiers }: Route): string {
  const lines = (Object.keys(preferenceWords) as Preference[]).map((one) => {
    const adjusted = adjustScore(complexity.score, one);
    const line = `${preferenceWords[one]}: ${formatScore(adjusted)}, ${tierOf(adjusted, tiers).name}`;
    return one === preference ? `- **${line}** (in force)` : `- ${line}`;
  });
  const bounds = tiers.map((tier) => `${tier.name} up to ${formatScore(tier.upTo)}`);
  return `${lines.join('\n')}\n\nTiers: ${bounds.join(', ')}.`;
}

function certainty(uncertainty: Uncertainty | undefined): string {
  if (uncertainty === undefined) {
    return (
      'Not known. This score is a heuristic: it counts visible features of the text and has not been calibrated against ' +
      `answers, so it carries no interval. Take the tier (${tierNames.join(', ')}) as a starting point and compare it with a benchmark of your own prompts.`
    );
  }
  const percent = `${Math.round(uncertainty.level * 100)} %`;
  const range = `With a probability of ${percent} the score lies between ${formatScore(uncertainty.low)} and ${formatScore(uncertainty.high)}.`;
  return uncertainty.unsure ? `${range} The scorer does not know prompts of this kind: it is unsure.` : range;
}

function tokens({ tokens: { tokens, low, high } }: Route): string {
  return `About **${grouped(tokens)}** input tokens; for most texts and tokenizers between ${grouped(low)} and ${grouped(high)}. An estimate: only the model's own tokenizer counts exactly.`;
}

/** `unit` is in the plural. */
function counted(count: number, unit: string): string {
  return `${grouped(count)} ${safe(count === 1 ? unit.replace(/s$/, '') : unit)}`;
}

function safe(text: string): string {
  return escapeMarkdown(plainText(text, 600));
}
