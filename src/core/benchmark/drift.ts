import { deviationOf, meanOf } from '../stats/groups.ts';
import { latencyCounts } from './attempts.ts';
import type { RunRecord } from './record.ts';

/** Requests in each half of a run; with fewer its halves say nothing. */
const fewestInHalf = 10;
/** Standard errors that the halves must lie apart. */
const clearly = 2;

/**
 * How far one model's latency moved within a run: second half of its requests, in order of schedule, against the first, as a
 * ratio of geometric means. Requests are taken as they differ from the mean of their prompt where prompts were repeated,
 * so that a half is not slow for having the long prompts. Undefined where the halves do not clearly differ, or hold too few.
 */
export function driftWithin(
  records: Iterable<RunRecord>,
  { endpoint, model }: { readonly endpoint: string; readonly model: string },
  time: 'firstToken' | 'lastToken',
): number | undefined {
  const requests: { due: number; prompt: string; log: number }[] = [];
  for (const record of records) {
    if (record.endpoint !== endpoint || record.model !== model || record.warmup || record.coldStart) continue;
    const end = record.times[time];
    if (!latencyCounts(record) || end === undefined || end <= record.times.sent) continue;
    const log = Math.log(end - record.times.sent);
    requests.push({ due: Date.parse(record.scheduledAt), prompt: record.promptId, log });
  }
  if (requests.length < 2 * fewestInHalf) return undefined;
  requests.sort((a, b) => a.due - b.due);
  const values = withoutPrompt(requests) ?? requests.map(({ log }) => log);
  const middle = values.length >> 1;
  const [first, second] = [values.slice(0, middle), values.slice(middle)];
  const moved = meanOf(second) - meanOf(first);
  const error = Math.hypot(
    deviationOf(first) / Math.sqrt(first.length),
    deviationOf(second) / Math.sqrt(second.length),
  );
  return Math.abs(moved) > clearly * error ? Math.exp(moved) : undefined;
}

/** Each request less the mean of its prompt; undefined where not every prompt was repeated. */
function withoutPrompt(requests: readonly { prompt: string; log: number }[]): number[] | undefined {
  const sums = new Map<string, { sum: number; n: number }>();
  for (const { prompt, log } of requests) {
    const own = sums.get(prompt);
    if (own) {
      own.sum += log;
      own.n++;
    } else sums.set(prompt, { sum: log, n: 1 });
  }
  for (const { n } of sums.values()) if (n < 2) return undefined;
  return requests.map(({ prompt, log }) => {
    const { sum, n } = sums.get(prompt) ?? { sum: 0, n: 1 };
    return log - sum / n;
  });
}
