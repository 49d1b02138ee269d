import { costRange, type TokenRange, tokenCost, type UsdRange } from '../catalog/cost.ts';
import type { Model } from '../catalog/model.ts';
import type { Complexity, Scorer } from '../complexity/scorer.ts';
import { grouped } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import type { TokenEstimate } from '../prompts/prompt.ts';
import { estimateTokens } from '../prompts/tokens.ts';
import type { Preference, Tier, TierName } from './tier.ts';
import { adjustScore, preferenceFactors, tierOf } from './tiers.ts';

/** Where a prompt should go, what that may cost, and why. */
export interface Route {
  readonly complexity: Complexity;
  readonly preference: Preference;
  /** The score under the preference, in [0,1]: what decides the tier. */
  readonly adjustedScore: number;
  readonly tier: Tier;
  /** All tiers, ascending. */
  readonly tiers: readonly Tier[];
  /** Estimated input tokens. */
  readonly tokens: TokenEstimate;
  /** Absent when no configured model can take the prompt; then the last reason says what to do. */
  readonly model?: Model | undefined;
  /** Plain sentences, in the order in which the decision was made. Names in them are plain text, not escaped for Markdown. */
  readonly reasons: readonly string[];
  /** USD for one request; absent when there is no model or a price is unknown. */
  readonly cost?: UsdRange | undefined;
  /** Output tokens assumed for the cost. */
  readonly expectedOutput: TokenRange;
}

export interface RouteOptions {
  readonly scorer: Scorer;
  /** Ascending, not empty. */
  readonly tiers: readonly Tier[];
  readonly models: readonly Model[];
  readonly preference: Preference;
  /** Output tokens to expect; by default `assumedOutput` of the tier. */
  readonly expectedOutput?: TokenRange | undefined;
}

/** Output tokens assumed where nobody says more: an assumption, not a measurement. */
export const assumedOutput: Readonly<Record<TierName, TokenRange>> = {
  simple: { low: 50, high: 400 },
  medium: { low: 150, high: 1_000 },
  complex: { low: 400, high: 2_500 },
};

/** Scores the prompt and chooses tier and model. Pure; linear in the prompt's length. */
export function route(prompt: string, options: RouteOptions): Route {
  const { tiers, models, preference } = options;
  const complexity = options.scorer.score(prompt);
  const adjustedScore = adjustScore(complexity.score, preference);
  const tier = tierOf(adjustedScore, tiers);
  const tokens = estimateTokens(prompt);
  const expectedOutput = options.expectedOutput ?? assumedOutput[tier.name];

  const ranking = rankByPrice(models, tokens, expectedOutput);
  const { model, reasons } = choose(tier, tiers, models, ranking, tokens);
  return {
    complexity,
    preference,
    adjustedScore,
    tier,
    tiers,
    tokens,
    model,
    reasons: [tierReason(complexity.score, adjustedScore, preference, tier), ...reasons],
    cost: model && costRange(tokens, expectedOutput, model),
    expectedOutput,
  };
}

interface Ranking {
  /** Models whose price for this prompt is known, cheapest first. */
  readonly priced: readonly Model[];
  /** Of these the first at each price. */
  readonly steps: readonly Model[];
  /** The others, as configured. */
  readonly unpriced: readonly Model[];
}

/** Orders models by what this prompt with an answer of middling length would cost; equals stay as configured. */
function rankByPrice(models: readonly Model[], tokens: TokenEstimate, expected: TokenRange): Ranking {
  const output = (expected.low + expected.high) / 2;
  const costs = models.map((model) => ({
    model,
    usd: tokenCost(
      { input: tokens.tokens, output },
      { inputPrice: model.inputPrice?.value, outputPrice: model.outputPrice?.value },
    ),
  }));
  const priced = costs
    .flatMap(({ model, usd }) => (usd === undefined ? [] : [{ model, usd }]))
    .sort((a, b) => a.usd - b.usd);
  return {
    priced: priced.map(({ model }) => model),
    steps: priced.filter(({ usd }, at) => usd !== priced[at - 1]?.usd).map(({ model }) => model),
    unpriced: costs.filter(({ usd }) => usd === undefined).map(({ model }) => model),
  };
}

interface Choice {
  readonly model?: Model | undefined;
  readonly reasons: readonly string[];
}

function choose(
  tier: Tier,
  tiers: readonly Tier[],
  models: readonly Model[],
  ranking: Ranking,
  tokens: TokenEstimate,
): Choice {
  if (models.length === 0) {
    return { reasons: ['No model is configured. Add an endpoint with its models to get a recommendation.'] };
  }
  const first = chooseForTier(tier, tiers, models, ranking);
  if (fits(first.model, tokens)) return { ...first, reasons: [...first.reasons, ...notes(first.model, tokens)] };

  const tooSmall = `The prompt's estimated ${grouped(tokens.tokens)} tokens exceed the context window of ${name(first.model)} (${grouped(first.model.contextWindow ?? 0)} tokens).`;
  for (const higher of tiers.slice(tiers.indexOf(tier) + 1)) {
    const other = chooseForTier(higher, tiers, models, ranking);
    if (fits(other.model, tokens)) {
      const instead = `${name(other.model)} of the tier ${higher.name} takes it instead.`;
      return { model: other.model, reasons: [...first.reasons, tooSmall, instead, ...notes(other.model, tokens)] };
    }
  }
  const roomy = [...ranking.priced, ...ranking.unpriced].find((model) => fits(model, tokens));
  if (roomy !== undefined) {
    const instead = `${name(roomy)} takes it instead: the first by price whose window is large enough.`;
    return { model: roomy, reasons: [...first.reasons, tooSmall, instead, ...notes(roomy, tokens)] };
  }
  const none =
    'No configured model has a window that is large enough. Shorten the prompt or add a model with a larger one.';
  return { reasons: [...first.reasons, tooSmall, none] };
}

/** The model that a tier asks for, whether or not the prompt fits. `models` is not empty. */
function chooseForTier(
  tier: Tier,
  tiers: readonly Tier[],
  models: readonly Model[],
  { priced, steps, unpriced }: Ranking,
): { readonly model: Model; readonly reasons: readonly string[] } {
  const reasons: string[] = [];
  if (tier.model !== undefined) {
    const preferred = models.find(({ ref }) => ref === tier.model);
    if (preferred !== undefined) {
      return { model: preferred, reasons: [`${name(preferred)} is the preferred model of the tier ${tier.name}.`] };
    }
    reasons.push(
      `The preferred model of the tier ${tier.name}, ${plainText(tier.model, 120)}, is not configured: the choice is by price.`,
    );
  }
  const without = unpriced.length === 0 ? '' : ` Not ranked, because a price is unknown: ${nameList(unpriced)}.`;
  const [first] = [...priced, ...unpriced] as [Model];
  if (priced.length === 0) {
    const why = models.length === 1 ? 'is the only configured model' : 'is the first configured model';
    return {
      model: first,
      reasons: [...reasons, `${name(first)} ${why}; it was not chosen by price, because no price is known.`],
    };
  }
  if (priced.length === 1) {
    const why = models.length === 1 ? 'is the only configured model.' : 'is the only model with known prices.';
    return { model: first, reasons: [...reasons, `${name(first)} ${why}${without}`] };
  }
  const place = tiers.indexOf(tier) / Math.max(1, tiers.length - 1);
  const model = steps[Math.floor(place * (steps.length - 1))] ?? first;
  const rank = place === 0 ? 'the cheapest' : place === 1 ? 'the dearest' : 'the middle';
  const reason = `${name(model)} is ${rank} of ${priced.length} models by price for this prompt, as the tier ${tier.name} asks.${without}`;
  return { model, reasons: [...reasons, reason] };
}

function fits(model: Model, tokens: TokenEstimate): boolean {
  return model.contextWindow === undefined || tokens.tokens <= model.contextWindow;
}

/** What a person should know of the chosen model before trusting the choice. */
function notes(model: Model, tokens: TokenEstimate): string[] {
  const found: string[] = [];
  if (model.contextWindow !== undefined && tokens.high > model.contextWindow) {
    found.push(
      `The prompt may not fit: it has up to ${grouped(tokens.high)} tokens, and the context window holds ${grouped(model.contextWindow)}.`,
    );
  }
  if (model.simulated) found.push(`${name(model)} is simulated: its answers are made up.`);
  return found;
}

function tierReason(score: number, adjusted: number, preference: Preference, tier: Tier): string {
  if (preference === 'balanced') return `A score of ${formatScore(score)} belongs to the tier ${tier.name}.`;
  const factor = preferenceFactors[preference];
  return `A score of ${formatScore(score)}, multiplied by ${factor} to prioritise ${preference}, is ${formatScore(adjusted)} and belongs to the tier ${tier.name}.`;
}

/** A score for a person: two to four decimals, so that one just above a bound does not read as the bound. */
export function formatScore(score: number): string {
  return score.toFixed(4).replace(/0{1,2}$/, '');
}

function name(model: Model): string {
  return plainText(model.ref, 120);
}

function nameList(models: readonly Model[]): string {
  const shown = models.slice(0, 5).map(name);
  return shown.join(', ') + (models.length > 5 ? ` and ${models.length - 5} more` : '');
}
