import type { Plan } from './plan.ts';
import type { Summary } from './summary.ts';

/**
 * What a search found: for each model the highest rate at which the share of good requests held, and the lowest above it
 * at which it did not. A stage without a measured request says nothing.
 */
export function capacityOf({ load, models }: Plan, stages: NonNullable<Summary['stages']>): Pick<Summary, 'capacity'> {
  if (load?.pattern !== 'search') return {};
  const capacity = models.flatMap((_, model) => {
    const tried = stages.flatMap((stage) => {
      const good = stage.summaries[stage.models.indexOf(model)]?.good;
      if (stage.load.kind !== 'open' || good === undefined) return [];
      return [{ rate: stage.load.perSecond, held: good.share >= load.goodShare }];
    });
    if (tried.length === 0) return [];
    const failed = tried.filter(({ held }) => !held).map(({ rate }) => rate);
    const limit = Math.min(...failed);
    // A rate that held above one that failed was luck.
    const held = tried.filter((trial) => trial.held && trial.rate < limit).map(({ rate }) => rate);
    return [
      {
        model,
        ...(held.length > 0 ? { perSecond: Math.max(...held) } : {}),
        ...(failed.length > 0 ? { failedAt: limit } : {}),
      },
    ];
  });
  return { capacity };
}
