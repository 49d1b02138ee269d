import type { Load, Slo, StageLoad } from '../../core/benchmark/load.ts';
import { isStreamed, type Plan } from '../../core/benchmark/plan.ts';
import { planLimits } from '../../core/benchmark/plan-limits.ts';
import { Failure } from '../../core/failure.ts';

/** Stages that a sweep may have. */
const mostStages = 100;

/** A load has rates, times and stages that can be sent, and a search an SLO. @throws Failure `usage`. */
export function checkLoad(load: Load, slo: Slo | undefined): void {
  switch (load.pattern) {
    case 'steady':
      checkStage(load.load);
      break;
    case 'sweep':
      if (load.stages.length === 0) throw usage('A sweep needs at least one stage.');
      if (load.stages.length > mostStages) {
        throw usage(`A sweep may have ${mostStages} stages, not ${load.stages.length}. Leave some out.`);
      }
      for (const stage of load.stages) checkStage(stage);
      break;
    case 'search':
      checkRate(load.fromPerSecond);
      checkRate(load.toPerSecond);
      if (load.fromPerSecond > load.toPerSecond) throw usage('A search for a rate must go up.');
      if (slo === undefined || limitsOf(slo).length === 0) {
        throw usage('A search for a rate needs an SLO, for example 800 ms to the first token.');
      }
      if (!(load.goodShare > 0 && load.goodShare <= 1)) {
        throw usage(`The share of good requests must be above 0 and at most 1, not ${load.goodShare}.`);
      }
      if (!(load.precision >= 0.01 && load.precision <= 1)) {
        throw usage(`The precision of a search must be from 0.01 to 1, not ${load.precision}.`);
      }
      checkTrialSeconds(load.trialSeconds ?? 0);
      break;
    case 'trace':
      checkTrace(load.offsetsMs);
  }
}

/**
 * An SLO has limits that answers can keep: who does not stream has no first token, and VS Code's own models have no time between
 * tokens. @throws Failure `usage`.
 */
export function checkSlo(slo: Slo, plan: Pick<Plan, 'stream' | 'models' | 'endpoints'>): void {
  const limits = limitsOf(slo);
  if (limits.length === 0) throw usage('The SLO names no limit. Give one, for example 800 ms to the first token.');
  for (const ms of limits) {
    if (!(ms > 0 && Number.isFinite(ms))) throw usage(`A limit of the SLO must be above 0 ms, not ${ms}.`);
  }
  for (const model of plan.models) {
    const name = `${model.endpoint}/${model.model}`;
    if (!isStreamed(plan, model) && (slo.ttftMs !== undefined || slo.tpotMs !== undefined)) {
      throw usage(
        `${name} does not stream, so that nothing is known of its first token. Give an SLO of E2E only, or let it stream.`,
      );
    }
    const { protocol } = plan.endpoints.find(({ id }) => id === model.endpoint) ?? {};
    if (protocol === 'vscode-lm' && slo.tpotMs !== undefined) {
      throw usage(`${name} answers in pieces of any size, so that it has no TPOT. Leave it out of the SLO.`);
    }
  }
}

function limitsOf({ ttftMs, tpotMs, e2eMs }: Slo): number[] {
  return [ttftMs, tpotMs, e2eMs].filter((ms) => ms !== undefined);
}

function checkTrace(offsetsMs: readonly number[]): void {
  if (offsetsMs.length === 0) throw usage('The trace holds no request.');
  const [, most] = planLimits.requests;
  if (offsetsMs.length > most) throw usage(`The trace holds more than ${most} requests. Cut it.`);
  offsetsMs.forEach((ms, index) => {
    if (!Number.isFinite(ms) || ms < (offsetsMs[index - 1] ?? 0)) {
      throw usage(
        `Time ${index + 1} of the trace is ${ms}. Give ms from its first request, 0 or more, each no earlier than the one before.`,
      );
    }
  });
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

function checkTrialSeconds(seconds: number): void {
  const [least, most] = planLimits.trialSeconds;
  if (seconds >= least && seconds <= most) return;
  throw usage(`A trial of a search must last from ${least} to ${most} seconds, not ${seconds}.`);
}

function checkRate(perSecond: number): void {
  if (perSecond > 0 && perSecond <= planLimits.perSecond) return;
  throw usage(`A rate must be above 0 and at most ${planLimits.perSecond} requests per second, not ${perSecond}.`);
}

function usage(message: string): Failure {
  return new Failure({ code: 'usage', message });
}
