import { Failure } from '../failure.ts';
import { type Preference, type Tier, type TierName, tierNames } from './tier.ts';

/** simple ≤ 0.3 < medium ≤ 0.7 < complex. */
export const defaultTiers: readonly Tier[] = [
  { name: 'simple', upTo: 0.3 },
  { name: 'medium', upTo: 0.7 },
  { name: 'complex', upTo: 1 },
];

/** What a preference multiplies the score by. */
export const preferenceFactors: Readonly<Record<Preference, number>> = { balanced: 1, cost: 0.7, quality: 1.3 };

/** The score under a preference: multiplied by 0.7 for cost or 1.3 for quality, at most 1. */
export function adjustScore(score: number, preference: Preference): number {
  return Math.min(score * preferenceFactors[preference], 1);
}

/** The first tier whose bound the score does not exceed. `tiers` ascend and are not empty. */
export function tierOf(score: number, tiers: readonly Tier[]): Tier {
  const tier = tiers.find(({ upTo }) => score <= upTo) ?? tiers.at(-1);
  if (tier === undefined) throw new RangeError('There is no tier.');
  return tier;
}

/** What a person may set for each tier; the last tier's bound is always 1. */
export type TiersSetting = {
  readonly [name in TierName]?: { readonly upTo?: number | undefined; readonly model?: string | undefined } | undefined;
};

/**
 * The tiers of a setting, defaults filled in.
 * @throws Failure `config` when a bound is no number in [0,1], or the bounds do not ascend, or a model is no text.
 */
export function makeTiers(setting: TiersSetting | undefined): Tier[] {
  const tiers = defaultTiers.map((standard): Tier => {
    const own = setting?.[standard.name];
    const upTo = own?.upTo ?? standard.upTo;
    if (typeof upTo !== 'number' || !(upTo >= 0 && upTo <= 1)) {
      throw wrong(`tiers.${standard.name}.upTo is ${shown(upTo)}. Give a number from 0 to 1.`);
    }
    if (own?.model === undefined) return { name: standard.name, upTo };
    if (typeof own.model !== 'string' || own.model.trim() === '') {
      throw wrong(
        `tiers.${standard.name}.model is ${shown(own.model)}. Give a model as endpoint/model, or leave it out.`,
      );
    }
    return { name: standard.name, upTo, model: own.model.trim() };
  });
  const [simple, medium, complex] = tiers.map(({ upTo }) => upTo) as [number, number, number];
  if (complex !== 1) throw wrong(`tiers.complex.upTo is ${complex}. The last tier always reaches 1: leave it out.`);
  if (simple >= medium) {
    throw wrong(
      `tiers.simple.upTo (${simple}) is not below tiers.medium.upTo (${medium}). Bounds must ascend: ${tierNames.join(' < ')}.`,
    );
  }
  return tiers;
}

function wrong(message: string): Failure {
  return new Failure({ code: 'config', message });
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
