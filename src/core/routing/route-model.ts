import { type TokenRange, tokenCost } from '../catalog/cost.ts';
import type { Model } from '../catalog/model.ts';
import { grouped } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import type { TokenEstimate } from '../prompts/prompt.ts';
import type { Tier } from './tier.ts';

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

export interface ModelChoice {
  readonly model?: Model | undefined;
  readonly reasons: readonly string[];
}

export interface ModelQuestion {
  readonly tier: Tier;
  /** Ascending. */
  readonly tiers: readonly Tier[];
  readonly models: readonly Model[];
  /** Patterns of `endpoint/model` in which `*` is any text; absent or empty: all are allowed. */
  readonly allowedModels?: readonly string[] | undefined;
  readonly tokens: TokenEstimate;
  readonly expectedOutput: TokenRange;
}

/** The model for a tier, among those that are allowed, whose window holds the prompt; why, in plain sentences. */
export function chooseModel({
  tier,
  tiers,
  models,
  allowedModels = [],
  tokens,
  expectedOutput,
}: ModelQuestion): ModelChoice {
  if (models.length === 0) {
    return { reasons: ['No model is configured. Add an endpoint with its models to get a recommendation.'] };
  }
  const allowed = allowedModels.length === 0 ? models : models.filter(({ ref }) => isAllowed(ref, allowedModels));
  const [only] = models;
  if (allowed.length === 0) {
    const which =
      models.length === 1
        ? `The only configured model, ${only && name(only)}, is`
        : `None of the ${models.length} configured models is`;
    const mend = `${which} allowed: allowedModels has ${patternList(allowedModels)}. Add one of ${nameList(models)} to it, or a pattern such as ${plainText(`${only?.endpoint}/*`, 120)}.`;
    return { reasons: [mend] };
  }
  const without =
    allowed.length === models.length
      ? []
      : [
          `${allowed.length} of ${models.length} configured models ${allowed.length === 1 ? 'is' : 'are'} allowed (allowedModels).`,
        ];
  const ranking = rankByPrice(allowed, tokens, expectedOutput);
  const found = choose(tier, tiers, allowed, ranking, tokens, models);
  return { model: found.model, reasons: [...without, ...found.reasons] };
}

/** Whether a pattern stands for a model; linear, because a later `*` can take over whatever an earlier one left. */
export function isAllowed(ref: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const [first = '', ...rest] = pattern.trim().split('*');
    const last = rest.pop();
    if (last === undefined) return ref === first;
    if (!ref.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = ref.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return ref.length - last.length >= at && ref.endsWith(last);
  });
}

function choose(
  tier: Tier,
  tiers: readonly Tier[],
  models: readonly Model[],
  ranking: Ranking,
  tokens: TokenEstimate,
  configured: readonly Model[],
): ModelChoice {
  const first = chooseForTier(tier, tiers, models, ranking, configured);
  if (fits(first.model, tokens)) return { ...first, reasons: [...first.reasons, ...notes(first.model, tokens)] };

  const tooSmall = `The prompt's estimated ${grouped(tokens.tokens)} tokens exceed the context window of ${name(first.model)} (${grouped(first.model.contextWindow ?? 0)} tokens).`;
  for (const higher of tiers.slice(tiers.indexOf(tier) + 1)) {
    const other = chooseForTier(higher, tiers, models, ranking, configured);
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
  configured: readonly Model[],
): { readonly model: Model; readonly reasons: readonly string[] } {
  const reasons: string[] = [];
  if (tier.model !== undefined) {
    const preferred = models.find(({ ref }) => ref === tier.model);
    if (preferred !== undefined) {
      return { model: preferred, reasons: [`${name(preferred)} is the preferred model of the tier ${tier.name}.`] };
    }
    const why = configured.some(({ ref }) => ref === tier.model) ? 'allowed' : 'configured';
    reasons.push(
      `The preferred model of the tier ${tier.name}, ${plainText(tier.model, 120)}, is not ${why}: the choice is by price.`,
    );
  }
  const without = unpriced.length === 0 ? '' : ` Not ranked, because a price is unknown: ${nameList(unpriced)}.`;
  const [first] = [...priced, ...unpriced] as [Model];
  if (priced.length === 0) {
    const kind = models.length < configured.length ? 'allowed' : 'configured';
    const why = models.length === 1 ? `is the only ${kind} model` : `is the first ${kind} model`;
    return {
      model: first,
      reasons: [...reasons, `${name(first)} ${why}; it was not chosen by price, because no price is known.`],
    };
  }
  if (priced.length === 1) {
    const kind = models.length < configured.length ? 'allowed' : 'configured';
    const why = models.length === 1 ? `is the only ${kind} model.` : 'is the only model with known prices.';
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

function name(model: Model): string {
  return plainText(model.ref, 120);
}

function nameList(models: readonly Model[]): string {
  const shown = models.slice(0, 5).map(name);
  return shown.join(', ') + (models.length > 5 ? ` and ${models.length - 5} more` : '');
}

function patternList(patterns: readonly string[]): string {
  const shown = patterns.slice(0, 5).map((pattern) => plainText(pattern, 120));
  return shown.join(', ') + (patterns.length > 5 ? ` and ${patterns.length - 5} more` : '');
}
