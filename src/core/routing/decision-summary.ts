import type { Decision } from './decision.ts';
import type { DecidedBy } from './route.ts';
import { type TierName, tierNames } from './tier.ts';

/** How often advice was followed: of the decisions that say which model was used and which was advised. */
export interface Followed {
  readonly followed: number;
  readonly of: number;
}

/** What a decision log comes to. */
export interface DecisionSummary {
  readonly decisions: number;
  /** First and last time, ISO 8601; absent: there is no decision. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** In [0,1]; absent: there is no decision. */
  readonly meanScore?: number | undefined;
  readonly unsure: number;
  readonly advice: Followed;
  /** All tiers, ascending. */
  readonly tiers: readonly {
    readonly tier: TierName;
    readonly decisions: number;
    readonly meanScore?: number | undefined;
  }[];
  /** Most advised first. */
  readonly models: readonly { readonly model: string; readonly advised: number; readonly used: number }[];
  readonly decidedBy: Readonly<Partial<Record<DecidedBy, number>>>;
  /** By day in UTC, ascending. */
  readonly days: readonly (Followed & {
    readonly day: string;
    readonly decisions: number;
    readonly meanScore: number;
  })[];
}

interface Sum {
  decisions: number;
  score: number;
  followed: number;
  of: number;
}

const nothing = (): Sum => ({ decisions: 0, score: 0, followed: 0, of: 0 });

/** Counts the decisions of a log, in one pass. */
export function summariseDecisions(decisions: Iterable<Decision>): DecisionSummary {
  const all = nothing();
  const tiers = new Map<TierName, Sum>(tierNames.map((name) => [name, nothing()]));
  const days = new Map<string, Sum>();
  const models = new Map<string, { advised: number; used: number }>();
  const decidedBy: Partial<Record<DecidedBy, number>> = {};
  let unsure = 0;
  let from: string | undefined;
  let to: string | undefined;
  const modelOf = (ref: string) => sumOf(models, ref, () => ({ advised: 0, used: 0 }));
  for (const decision of decisions) {
    const { at, tier, score, advised, used, decidedBy: by } = decision;
    for (const sum of [all, sumOf(tiers, tier, nothing), sumOf(days, at.slice(0, 10), nothing)]) {
      sum.decisions++;
      sum.score += score;
      if (used === undefined || advised === undefined) continue;
      sum.of++;
      if (used === advised) sum.followed++;
    }
    if (advised !== undefined) modelOf(advised).advised++;
    if (used !== undefined) modelOf(used).used++;
    if (by !== undefined) decidedBy[by] = (decidedBy[by] ?? 0) + 1;
    if (decision.unsure === true) unsure++;
    if (from === undefined || at < from) from = at;
    if (to === undefined || at > to) to = at;
  }
  return {
    decisions: all.decisions,
    from,
    to,
    meanScore: mean(all),
    unsure,
    advice: { followed: all.followed, of: all.of },
    tiers: [...tiers].map(([tier, sum]) => ({ tier, decisions: sum.decisions, meanScore: mean(sum) })),
    models: [...models]
      .map(([model, counts]) => ({ model, ...counts }))
      .sort((a, b) => b.advised - a.advised || b.used - a.used || (a.model < b.model ? -1 : 1)),
    decidedBy,
    days: [...days]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([day, sum]) => ({
        day,
        decisions: sum.decisions,
        meanScore: mean(sum) ?? 0,
        followed: sum.followed,
        of: sum.of,
      })),
  };
}

function mean({ score, decisions }: Sum): number | undefined {
  return decisions === 0 ? undefined : score / decisions;
}

function sumOf<K, V>(sums: Map<K, V>, key: K, make: () => V): V {
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = make();
    sums.set(key, sum);
  }
  return sum;
}
