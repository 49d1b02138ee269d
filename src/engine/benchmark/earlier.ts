import type { Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import { plannedRequests, requestFinder, wakingRequests } from '../../core/benchmark/schedule.ts';
import { measuredMs } from '../../core/benchmark/spans.ts';
import { StageResults } from '../../core/benchmark/stage-results.ts';
import { nextStage } from '../../core/benchmark/stages.ts';
import { Failure } from '../../core/failure.ts';
import { addUse, mostUse, noUse, type Use } from './budget.ts';
import { boundOf } from './jobs.ts';
import { readRecords, runPaths } from './run-folder.ts';
import { type Earlier, nothingEarlier } from './runner.ts';
import { mostWakingTries, wakingLimit } from './waking.ts';

/** What the sessions before this one left. */
export interface EarlierSessions extends Earlier {
  /** Ids of requests that woke an endpoint. */
  readonly woken: ReadonlySet<string>;
  readonly errors: number;
  /** USD known. */
  readonly costUsd: number | undefined;
  readonly measuredMs: number;
}

/** Of a run that begins. */
export const noSessions: EarlierSessions = {
  ...nothingEarlier,
  woken: new Set(),
  errors: 0,
  costUsd: undefined,
  measuredMs: 0,
};

/** Reads what a run's folder holds of its sessions. @throws Failure `input` for a record that is not of the run. */
export function earlierSessions(dir: string, manifest: Manifest, prompts: readonly RunPrompt[]): EarlierSessions {
  const { plan, runId } = manifest;
  const find = requestFinder(runId, plan, prompts.length, stagesOf(manifest));
  const results = new StageResults(plan, manifest.stages);
  const finished = new Set<string>();
  const woken = new Set<string>();
  let errors = 0;
  let costUsd: number | undefined;
  let spent = noUse;
  function* counted() {
    for (const record of readRecords(dir)) {
      const request = find(record.id);
      if (!request) {
        throw new Failure({
          code: 'input',
          message: `${runPaths(dir).records} holds the record "${record.id}", which is not of this run. Put back the right file.`,
        });
      }
      if (request.coldStart) woken.add(record.id);
      else {
        finished.add(record.id);
        results.note(record);
        if (record.status === 'error') errors++;
      }
      if (record.costUsd !== undefined) costUsd = (costUsd ?? 0) + record.costUsd;
      spent = addUse(spent, mostUse(record, boundOf(plan, prompts, request)));
      yield record;
    }
  }
  const fromRecords = measuredMs(counted());
  // A session that was killed could not write how long it took; the records tell.
  const measured = manifest.state === 'running' ? fromRecords : (manifest.durationMs ?? fromRecords);
  return { finished, woken, errors, costUsd, spent, stages: results, measuredMs: measured };
}

/**
 * What requests of a session that broke off may have used, at most, without leaving a record. The requests of an
 * endpoint (by the clock: of a model) are sent in order, so they are among its first unfinished ones of a stage: at most one in flight for each slot, and one
 * that had ended and was about to be written; each with all its attempts. So do those that were to wake an endpoint which has
 * requests left.
 */
export function lostUse(
  manifest: Manifest,
  prompts: readonly RunPrompt[],
  { finished, woken }: Pick<EarlierSessions, 'finished' | 'woken'>,
  inFlight: number,
): Use {
  const { plan, runId } = manifest;
  if (!brokeOff(manifest)) return noUse;
  const attempts = 1 + (plan.maxRetries ?? 0);
  const bounds: Use[] = [];
  const open = new Set<number>();
  for (const [index, stage] of stagesOf(manifest).entries()) {
    const concurrency = new Map(plan.endpoints.map((endpoint) => [endpoint.id, endpoint.concurrency ?? inFlight]));
    const room = new Map<string | number, number>();
    for (const request of plannedRequests(runId, plan, prompts.length, stage, index)) {
      if (finished.has(request.id)) continue;
      open.add(request.model);
      const endpoint = plan.models[request.model]?.endpoint ?? '';
      const queue = stage.load.kind === 'closed' ? endpoint : request.model;
      const places = room.get(queue) ?? 2 * Math.min(concurrency.get(endpoint) ?? 0, inFlight);
      if (places === 0) continue;
      room.set(queue, places - 1);
      bounds.push(times(attempts, boundOf(plan, prompts, request)));
    }
  }
  for (const request of wakingRequests(runId, plan, prompts.length, manifest.resumed)) {
    if (woken.has(request.id) || !open.has(request.model)) continue;
    bounds.push(times(mostWakingTries(wakingLimit(plan)), boundOf(plan, prompts, request)));
  }
  const dearest = (pick: (use: Use) => number) =>
    bounds
      .map(pick)
      .sort((a, b) => b - a)
      .slice(0, 2 * inFlight)
      .reduce((sum, bound) => sum + bound, 0);
  return { usd: dearest(({ usd }) => usd), tokens: dearest(({ tokens }) => tokens) };
}

/** Whether the last session ended without writing down what was in flight. */
export function brokeOff({ state, stopReason }: Pick<Manifest, 'state' | 'stopReason'>): boolean {
  return state === 'running' || stopReason === 'disk' || stopReason === 'failure';
}

/** The stages that have begun. */
function stagesOf({ plan, stages }: Manifest) {
  const first = nextStage(plan, []);
  return stages ?? (first ? [first] : []);
}

function times(count: number, { usd, tokens }: Use): Use {
  return { usd: count * usd, tokens: count * tokens };
}
