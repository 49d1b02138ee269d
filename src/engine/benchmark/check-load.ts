import type { Load, Slo, StageLoad } from '../../core/benchmark/load.ts';
import { planLimits } from '../../core/benchmark/plan-limits.ts';
import { Failure } from '../../core/failure.ts';

/** A load has rates and stages that can be sent, and a search an SLO. @throws Failure `usage`. */
export function checkLoad(load: Load, slo: Slo | undefined): void {
  switch (load.pattern) {
    case 'steady':
      checkStage(load.load);
      break;
    case 'sweep':
      if (load.stages.length === 0) throw usage('A sweep needs at least one stage.');
      for (const stage of load.stages) checkStage(stage);
      break;
    case 'search':
      checkRate(load.fromPerSecond);
      checkRate(load.toPerSecond);
      if (load.fromPerSecond > load.toPerSecond) throw usage('A search for a rate must go up.');
      if (slo === undefined) throw usage('A search for a rate needs an SLO, for example 800 ms to the first token.');
      if (!(load.goodShare > 0 && load.goodShare <= 1)) {
        throw usage(`The share of good requests must be above 0 and at most 1, not ${load.goodShare}.`);
      }
      break;
    case 'trace':
      if (load.offsetsMs.length === 0) throw usage('The trace holds no request.');
  }
}

/** Whether requests arrive by the clock in any stage, whatever the endpoint does. */
export function byTheClock(load: Load | undefined): boolean {
  if (load === undefined) return false;
  if (load.pattern === 'steady') return load.load.kind === 'open';
  return load.pattern !== 'sweep' || load.stages.some(({ kind }) => kind === 'open');
}

function checkStage(load: StageLoad): void {
  if (load.kind === 'open') {
    checkRate(load.perSecond);
    checkRate(load.toPerSecond ?? load.perSecond);
    return;
  }
  const [least, most] = planLimits.concurrency;
  if (!Number.isInteger(load.concurrency) || load.concurrency < least || load.concurrency > most) {
    throw usage(`The concurrency of a stage must be a whole number from ${least} to ${most}, not ${load.concurrency}.`);
  }
}

function checkRate(perSecond: number): void {
  if (perSecond > 0 && perSecond <= planLimits.perSecond) return;
  throw usage(`A rate must be above 0 and at most ${planLimits.perSecond} requests per second, not ${perSecond}.`);
}

function usage(message: string): Failure {
  return new Failure({ code: 'usage', message });
}
