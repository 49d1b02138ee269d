import { grouped } from '../numbers.ts';
import { fewestValues } from '../stats/quantiles.ts';
import type { Slo } from './load.ts';
import type { Plan } from './plan.ts';
import type { ModelSummary } from './summary.ts';

/**
 * What each figure of a run means, one or two sentences each; every report prints them beside its numbers. Where widely used
 * tools mean something else by the same name, the difference is said.
 */
export function definitionsOf(plan: Plan, models: readonly ModelSummary[]): Record<string, string> {
  const { load, slo, evaluation } = plan;
  const some = (which: (model: ModelSummary) => unknown) => models.some((model) => which(model) !== undefined);
  return {
    ...definitions,
    ...(some(({ connections }) => connections) ? { connections: connectionWords } : {}),
    ...(slo ? { good: goodWords(slo, load?.pattern === 'sweep') } : {}),
    ...(load?.pattern === 'search' ? { capacity: capacityWords(load.goodShare) } : {}),
    ...(some(({ quality }) => quality) ? qualityDefinitions : {}),
    ...(some(({ quality }) => quality?.passK) ? { passK: passKWords } : {}),
    ...(some(({ satisfaction }) => satisfaction) ? { satisfaction: satisfactionWords } : {}),
    ...(evaluation?.judge ? judging(evaluation.judge.repeats, evaluation.judge.pairs) : {}),
    ...(models.length > 1 ? { verdict: verdictWords } : {}),
    ...(plan.calibrate ? { calibration: calibrationWords } : {}),
    load: loadWords(load, plan.concurrency, plan.models.length),
  };
}

const definitions: Record<string, string> = {
  sent: 'All times of a request begin when it is handed to a connected socket; waiting for a connection lies before it and shows only in the time from schedule.',
  headersMs: 'Headers: from sending to the response’s status line and headers.',
  ttftMs:
    'Time to first token (TTFT): from sending to the first chunk that carries a token, reasoning or visible. Chunks with a role only or without content do not count (vLLM’s own benchmark stops at the first chunk of any kind); reasoning counts, as in AIPerf.',
  ttfvMs:
    'Time to first visible token: from sending to the first chunk that carries text of the answer itself; AIPerf calls this time to first output token. It equals TTFT for models that do not show their reasoning.',
  ttftFromScheduleMs:
    'TTFT from schedule: as TTFT, but from the moment the request was due, so that waiting in the client for a slot or a connection is in it.',
  e2eMs:
    'End to end (E2E): from sending to the last chunk that carries a token; AIPerf and vLLM end there too, tools that end with the socket report more.',
  e2eFromScheduleMs:
    'End to end from schedule: as E2E, but from the moment the request was due, so that waiting in the client for a slot or a connection is in it.',
  queueMs:
    'Queue: from the moment a request was due until it was sent: waiting in the client for a free slot or a connection. It is in no time from sending, and in every time from schedule.',
  tpotMs:
    'Time per output token (TPOT): (E2E − TTFT) / (output tokens − 1) of one request, with the server’s token count where it tells one; the same formula as in vLLM. Chunks are never taken for tokens. Absent when the answer came in a single chunk or was not streamed. Where the server’s count holds reasoning that was never streamed, TPOT is lower than what a reader sees.',
  tokensPerSecond:
    'Tokens per second of one request after its first token: 1000 / TPOT. It says how fast one reader is served, not what the endpoint can carry.',
  requestsPerSecond:
    'Requests per second: requests of this model that succeeded, divided by the seconds from its first send to its last end, pauses between interruption and resumption left out. Models of one run share its slots, so it is the rate in this mix.',
  outputTokensPerSecond:
    'Output tokens per second: output tokens of the requests that succeeded, over the same span as requests per second.',
  costUsd:
    'Cost: tokens at the prices of the plan, in USD, over all attempts: fresh input, input read from a cache, input written to one, output, and reasoning where it has a price of its own. Cached input without a price of its own counts at the input price, an upper bound. Unknown when another price or a token count is missing, and then never counted as 0; a sum with an unknown part is a lower bound.',
  tokens:
    'Tokens: as the server counted them (usage); where it did not, estimated from the text, which is said beside the number.',
  errors:
    'Errors: requests without a complete answer after their last attempt, by class. They stand in no latency figure and in no rate, but count among the requests; read latency and errors together.',
  coldStart:
    'Cold start: from the first try to wake an endpoint that may sleep, to the first token of the try that succeeded, in each session of the run. In no other figure, but in the total cost.',
  warmup:
    'Warm-up: requests before the measured ones that open connections, fill caches and bring the load to its height; in no figure, but in the total cost. The run goes on without a pause after them.',
  attempts:
    'Attempts: a request is tried once, unless the plan allows retries or its key had expired. Latency figures are of requests whose first attempt succeeded, so no retry and no waiting before one hides in a time; a request that a retry saved counts as succeeded, with its tokens and its cost. Read latency together with the share of first attempts that failed.',
  quantiles: `Percentiles: p50, p90, p95, p99 and p99.9 are the value that so many percent of the measured successful requests do not exceed, interpolated linearly between neighbours (type 7). p95 of fewer than ${fewestValues.p95} requests and p99 of fewer than ${fewestValues.p99} rest on single values; p99.9 of fewer than 1,000 is not shown.`,
  lag: 'Event-loop lag: how late the measuring process itself was. Times below a few times the lag say more about this machine than about the endpoint.',
  sameAs:
    'Same as: the same requests by the definitions of other tools, so that a number from one of them can be compared with ours.',
};

const connectionWords =
  'Connections: how many requests had to open one, and what name lookup, TCP and TLS took. The time to send comes after; requests that reuse a connection have none.';
const calibrationWords =
  'Instrument error: what this instrument measures of the built-in simulator on this machine, against what the simulator truly sent. Where it exceeds 5 % of the smallest median, the run is not valid.';
const verdictWords =
  'Verdict: two models on the same prompts, each prompt one observation. Intervals are of a paired bootstrap over prompts (95 %), p of a paired permutation, corrected for all comparisons at once (Holm). Tied: the whole interval lies within the margin that is of no matter.';
const qualityDefinitions = {
  quality:
    'Quality: the mean over requests of their weighted checks and the judge, in [0,1]; what could not be decided counts in no figure. A request that failed has score 0, as nobody was served.',
  passShare: 'Passed: the share of requests that pass every check, of those all of whose checks were decided.',
};
const passKWords =
  'pass^k: the chance that k tries of one prompt all pass, estimated without bias from the repeats of each prompt, averaged over prompts.';
const satisfactionWords =
  'Satisfaction: what people preferred: thumbs on single answers, and blind pairs of which one answer, or neither, was better. Judges that compare pairs stand apart.';

function capacityWords(goodShare: number): string {
  return `Capacity: the highest rate that was tried at which at least ${goodShare * 100} % of the requests were good and the endpoint kept up, as waits from schedule to end did not grow by more than 5 % of the time that passed (beyond two standard errors); the next rate that failed bounds it from above.`;
}

function judging(repeats: number, pairs: boolean): Record<string, string> {
  return {
    judge: `Judge: a model that scores each answer by the run's rubric${repeats > 1 ? `, ${repeats} times` : ''}, the score scaled to [0,1]. It is a model, too: it errs, and may favour its own family and long answers.${pairs ? ' Pairs are judged in both orders, and a judge that contradicts itself has tied.' : ''}`,
    ...(repeats > 1
      ? {
          agreement:
            "Agreement: how far the judge's repeats on one answer agree (Krippendorff's alpha): 1 always, 0 as by chance; none of a judge that gives one score to all.",
        }
      : {}),
  };
}

function goodWords({ ttftMs, tpotMs, e2eMs }: Slo, sweep: boolean): string {
  const limits = [
    ...(ttftMs === undefined ? [] : [`TTFT ≤ ${grouped(ttftMs)} ms`]),
    ...(tpotMs === undefined ? [] : [`TPOT ≤ ${tpotMs} ms`]),
    ...(e2eMs === undefined ? [] : [`E2E ≤ ${grouped(e2eMs)} ms`]),
  ].join(' and ');
  return `Goodput: requests that meet every limit of the run (${limits}), per second and as a share of all measured requests. Errors, and requests that needed a retry, count against it. Where requests arrive by the clock, TTFT and E2E count from schedule${sweep ? ', in a closed loop from sending' : ''}.`;
}

function loadWords(load: Plan['load'], concurrency: number, models: number): string {
  const closed =
    'a fixed number of requests is kept in flight and the next is sent when one ends, so a slow endpoint receives fewer requests; rates under an arrival pattern of its own can be worse.';
  const shared = models > 1 && load?.pattern !== 'search' ? `, shared evenly by the models,` : '';
  const open = `requests arrive by the clock, whatever the endpoint does; beyond ${concurrency} in flight${shared} they wait, which the times from schedule show. Those are the times that a user meets.`;
  switch (load?.pattern) {
    case undefined:
      return concurrency === 1
        ? 'Load: one request at a time, the next when it has ended. Figures are those of an idle endpoint.'
        : `Load: ${closed}`;
    case 'steady':
      return `Load: ${load.load.kind === 'closed' ? closed : open}`;
    case 'trace':
      return `Load: each request is sent at the time of a recorded trace; ${open}`;
    case 'sweep':
      return `Load: one stage after another, each with all requests of the run. ${load.stages.some(({ kind }) => kind === 'open') ? `By rate: ${open}` : `By concurrency: ${closed}`} Figures over all stages mix them: read the stages.`;
    case 'search':
      return `Load: rates are tried until the highest that holds the limits is bracketed; ${open} Figures over all trials mix them: read the stages.`;
  }
}
