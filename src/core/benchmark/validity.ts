import type { Manifest } from './manifest.ts';
import type { ModelSummary, Summary } from './summary.ts';

/** Of the median latency of the fastest model; above it, the instrument measured itself. */
const mostOfMedian = 0.05;

type Stages = readonly { readonly summaries: readonly ModelSummary[] }[];

/**
 * Why a run is not valid: its event loop was late by more than 5 % (p99) of the smallest median time to first token, or its
 * own error, as calibrated, exceeds 5 % (p50) of the smallest median. Of a run with several stages the fastest counts.
 */
export function invalidOf(
  { lag, calibration }: Manifest,
  models: readonly ModelSummary[],
  stages: Stages,
): Pick<Summary, 'invalid'> {
  const all = [...models, ...stages.flatMap(({ summaries }) => summaries)];
  const ttft = least(all.map(({ ttftMs }) => ttftMs?.p50));
  const e2e = least(all.map(({ e2eMs }) => e2eMs?.p50));
  const first = least(all.map(({ ttftMs, e2eMs }) => (ttftMs ?? e2eMs)?.p50));
  const what = ttft === undefined ? 'end-to-end time' : 'time to first token';
  const reasons = [
    reason(
      lag?.p99,
      first,
      (late, share) =>
        `the measuring process itself was up to ${late} ms late (p99), ${share} the smallest median ${what}`,
    ),
    reason(
      calibration?.ttftErrorMs?.p50,
      ttft,
      (error, share) =>
        `the instrument's own error in the time to first token was ${error} ms (p50), ${share} the smallest median`,
    ),
    reason(
      calibration?.e2eErrorMs.p50,
      e2e,
      (error, share) =>
        `the instrument's own error in the end-to-end time was ${error} ms (p50), ${share} the smallest median`,
    ),
  ].filter((words) => words !== undefined);
  if (reasons.length === 0) return {};
  return { invalid: `${reasons.join('; ')}. Lower the load or free this machine, and run again.` };
}

function reason(
  error: number | undefined,
  median: number | undefined,
  words: (error: string, share: string) => string,
): string | undefined {
  if (error === undefined || median === undefined || error <= median * mostOfMedian) return undefined;
  const share = median > 0 ? `${Math.round((error / median) * 100)} % of` : 'beside';
  return `${words(error.toFixed(1), share)} (${median.toFixed(1)} ms)`;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
