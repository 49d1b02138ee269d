import { costRange, type TokenRange, type UsdRange } from '../catalog/cost.ts';
import type { Model } from '../catalog/model.ts';
import type { Complexity, Scorer } from '../complexity/scorer.ts';
import { counted } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import type { TokenEstimate } from '../prompts/prompt.ts';
import { estimateTokens } from '../prompts/tokens.ts';
import { continues } from './conversation.ts';
import { calibrated, type Profile, profileTiers } from './profile.ts';
import { chooseModel } from './route-model.ts';
import type { RuleContext } from './rule.ts';
import type { RuleBook, RuleVerdict } from './rules.ts';
import { isAbove, type Preference, type Tier, type TierName } from './tier.ts';
import { adjustScore, preferenceFactors, tierOf } from './tiers.ts';

/** What can settle the tier in the end. */
export const deciders = ['score', 'unsure', 'conversation', 'rule', 'never-below'] as const;
export type DecidedBy = (typeof deciders)[number];

/** Where a prompt should go, what that may cost, and why. */
export interface Route {
  readonly complexity: Complexity;
  readonly preference: Preference;
  /** The score under the preference, in [0,1]: what decides the tier where nothing else does. */
  readonly adjustedScore: number;
  readonly tier: Tier;
  /** The tier by the score alone. */
  readonly scoreTier: Tier;
  readonly decidedBy: DecidedBy;
  /** All tiers, ascending, with the profile's bounds. */
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
  /** Reads the score by a person's own results and sets the tiers' bounds; one made for another scorer is left aside. */
  readonly profile?: Profile | undefined;
  /** The person's own rules, made ready by `compileRules`. */
  readonly rules?: RuleBook | undefined;
  /** What rules are asked about besides the text. */
  readonly context?: RuleContext | undefined;
  /** Patterns of `endpoint/model` in which `*` is any text; absent or empty: all models are allowed. */
  readonly allowedModels?: readonly string[] | undefined;
  /** Where a prompt goes that the scorer does not know; absent: where its score says. */
  readonly unsureTier?: TierName | undefined;
  /** Tier of the message before in the same conversation. */
  readonly previousTier?: TierName | undefined;
  /** Places in the prompt that a program fills when it runs. */
  readonly placeholders?: number | undefined;
  /** No lower tier than this one. */
  readonly neverBelow?: TierName | undefined;
}

/** Output tokens assumed where nobody says more: an assumption, not a measurement. */
export const assumedOutput: Readonly<Record<TierName, TokenRange>> = {
  simple: { low: 50, high: 400 },
  medium: { low: 150, high: 1_000 },
  complex: { low: 400, high: 2_500 },
};

/** Tokens that a placeholder may stand for at the high end: an assumption, not a measurement. */
export const assumedPlaceholderTokens = 200;

/** Scores the prompt and chooses tier and model. Pure; linear in the prompt's length. */
export function route(prompt: string, options: RouteOptions): Route {
  const { models, preference, allowedModels, profile, placeholders = 0 } = options;
  const reads = profile !== undefined && profile.scorer === options.scorer.id;
  const scored = options.scorer.score(prompt);
  const complexity = reads ? calibrated(scored, profile) : scored;
  const tiers = reads ? profileTiers(profile, options.tiers) : options.tiers;
  const adjustedScore = adjustScore(complexity.score, preference);
  const scoreTier = tierOf(adjustedScore, tiers);
  const tokens = widened(estimateTokens(prompt), placeholders);

  const decided = decide(prompt, tokens, scoreTier.name, complexity, options);
  const tier = tiers.find(({ name }) => name === decided.tier) ?? scoreTier;
  const expectedOutput = options.expectedOutput ?? assumedOutput[tier.name];
  const { model, reasons } = chooseModel({ tier, tiers, models, allowedModels, tokens, expectedOutput });
  return {
    complexity,
    preference,
    adjustedScore,
    tier,
    scoreTier,
    decidedBy: decided.by,
    tiers,
    tokens,
    model,
    reasons: [
      tierReason(complexity.score, adjustedScore, preference, scoreTier),
      ...failureReasons(complexity),
      ...profileReasons(profile, options.scorer),
      ...decided.reasons,
      ...placeholderReasons(placeholders),
      ...reasons,
    ],
    cost: model && costRange(tokens, expectedOutput, model),
    expectedOutput,
  };
}

interface Decided {
  readonly tier: TierName;
  readonly by: DecidedBy;
  readonly reasons: readonly string[];
}

/** What stands above the score: being unsure, the conversation, the person's rules, in this order; the later one counts. */
function decide(
  text: string,
  { tokens }: TokenEstimate,
  scoreTier: TierName,
  { uncertainty }: Complexity,
  { unsureTier, previousTier, rules, context, neverBelow }: RouteOptions,
): Decided {
  const reasons: string[] = [];
  let tier = scoreTier;
  let by: DecidedBy = 'score';
  const settle = (next: TierName, nextBy: DecidedBy, reason: string): void => {
    tier = next;
    by = nextBy;
    reasons.push(reason);
  };
  const raise = (least: TierName, nextBy: DecidedBy, reason: string): void => {
    if (isAbove(least, tier)) settle(least, nextBy, reason);
  };

  const { decides, atLeast } = rules?.verdicts({ text, tokens, context }) ?? {};
  // A message of a few words is judged with what it follows, whether or not the scorer knows its like.
  const goesOn = previousTier !== undefined && continues(text);
  if (uncertainty?.unsure === true && !decides && !goesOn) {
    if (unsureTier === undefined) {
      reasons.push(
        'The scorer does not know prompts of this kind: it is unsure. No tier is set for that (unsureTier).',
      );
    } else {
      const why = 'The scorer does not know prompts of this kind: it is unsure';
      settle(unsureTier, 'unsure', `${why}, and the tier ${unsureTier} is set for that.`);
    }
  }
  if (goesOn && !decides) {
    settle(
      previousTier,
      'conversation',
      `It only says to go on, so it keeps the tier ${previousTier} of the message before.`,
    );
  }
  if (decides) settle(decides.tier, 'rule', `${ruleName(decides)} asks for the tier ${decides.tier}.`);
  if (atLeast) raise(atLeast.tier, 'rule', `${ruleName(atLeast)} asks for the tier ${atLeast.tier} at least.`);
  if (neverBelow) raise(neverBelow, 'never-below', `No tier below ${neverBelow} is to be used.`);
  return { tier, by, reasons };
}

function ruleName({ rule, named }: RuleVerdict): string {
  return named ? `Your rule “${plainText(rule, 120)}”` : `Your ${rule}`;
}

function widened(estimate: TokenEstimate, placeholders: number): TokenEstimate {
  return placeholders === 0 ? estimate : { ...estimate, high: estimate.high + placeholders * assumedPlaceholderTokens };
}

function placeholderReasons(placeholders: number): string[] {
  if (placeholders === 0) return [];
  const places = `${counted(placeholders, 'place')} that the program fills`;
  return [`It has ${places}: up to ${assumedPlaceholderTokens} tokens are assumed for each.`];
}

function failureReasons({ pFail }: Complexity): string[] {
  if (pFail === undefined) return [];
  const share = Math.round(pFail * 100);
  const percent = share === 0 ? 'fewer than 1' : share === 100 ? 'over 99' : String(share);
  return [`A cheap model is expected to fail on ${percent} % of prompts like this.`];
}

function profileReasons(profile: Profile | undefined, scorer: Scorer): string[] {
  if (profile === undefined) return [];
  const name = `“${plainText(profile.name, 60)}”`;
  if (profile.scorer !== scorer.id) {
    return [
      `The profile ${name} was made for the scorer ${profile.scorer} and is left aside: this score is of ${scorer.id}.`,
    ];
  }
  const from = `${counted(profile.from.prompts, 'prompt')} of ${plainText(profile.from.title, 120)}`;
  const simulated = profile.from.simulated ? ' Their answers were simulated: it says nothing of real models.' : '';
  return [`Read by your profile ${name}, learnt from ${from}.${simulated}`];
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
