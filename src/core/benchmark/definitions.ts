import { fewestValues } from '../stats/quantiles.ts';

/**
 * What each figure means, one or two sentences each; every report prints them beside its numbers. Where widely used
 * tools mean something else by the same name, the difference is said.
 */
export const definitions: Record<string, string> = {
  sent: 'All times of a request begin when it is handed to a connected socket; waiting for a connection lies before it and shows only in the time from schedule.',
  headersMs: 'Headers: from sending to the response’s status line and headers.',
  ttftMs:
    'Time to first token (TTFT): from sending to the first chunk that carries a token, reasoning or visible. Chunks with a role only or without content do not count (vLLM’s own benchmark stops at the first chunk of any kind); reasoning counts, as in AIPerf.',
  ttfvMs:
    'Time to first visible token: from sending to the first chunk that carries text of the answer itself; AIPerf calls this time to first output token. It equals TTFT for models that do not show their reasoning.',
  e2eMs:
    'End to end (E2E): from sending to the last chunk that carries a token; AIPerf and vLLM end there too, tools that end with the socket report more.',
  e2eFromScheduleMs:
    'End to end from schedule: as E2E, but from the moment the request was due, so that waiting in the client for a connection is in it.',
  tpotMs:
    'Time per output token (TPOT): (E2E − TTFT) / (output tokens − 1) of one request, with the server’s token count where it tells one; the same formula as in vLLM. Chunks are never taken for tokens. Absent when the answer came in a single chunk or was not streamed. Where the server’s count holds reasoning that was never streamed, TPOT is lower than what a reader sees.',
  tokensPerSecond:
    'Tokens per second of one request after its first token: 1000 / TPOT. It says how fast one reader is served, not what the endpoint can carry.',
  requestsPerSecond:
    'Requests per second: requests of this model that succeeded, divided by the seconds from its first send to its last end, pauses between interruption and resumption left out. Models of one run share its slots, so it is the rate in this mix.',
  outputTokensPerSecond:
    'Output tokens per second: output tokens of the requests that succeeded, over the same span as requests per second.',
  costUsd:
    'Cost: tokens at the prices of the plan, in USD, over all attempts: fresh input, input read from a cache, input written to one, output with its reasoning. Cached input without a price of its own counts at the input price, an upper bound. Unknown when another price or a token count is missing, and then never counted as 0; a sum with an unknown part is a lower bound.',
  tokens:
    'Tokens: as the server counted them (usage); where it did not, estimated from the text, which is said beside the number.',
  errors:
    'Errors: requests without a complete answer after their last attempt, by class. They stand in no latency figure and in no rate, but count among the requests; read latency and errors together.',
  coldStart:
    'Cold start: from the first try to wake an endpoint that may sleep, to the first token of the try that succeeded, in each session of the run. In no other figure, but in the total cost.',
  warmup:
    'Warm-up: requests before the measured ones that open connections and fill caches; in no figure, but in the total cost. The run goes on without a pause after them.',
  attempts:
    'Attempts: a request is tried once, unless the plan allows retries or its key had expired. Latency figures are of requests whose first attempt succeeded, so no retry and no waiting before one hides in a time; a request that a retry saved counts as succeeded, with its tokens and its cost. Read latency together with the share of first attempts that failed.',
  quantiles: `p50, p90, p95, p99: the value that so many percent of the measured successful requests do not exceed, interpolated linearly between neighbours (type 7). p95 of fewer than ${fewestValues.p95} requests and p99 of fewer than ${fewestValues.p99} rest on single values.`,
  lag: 'Event-loop lag: how late the measuring process itself was. Times below a few times the lag say more about this machine than about the endpoint.',
  closedLoop:
    'Load: a fixed number of requests is kept in flight and the next is sent when one ends, so a slow endpoint receives fewer requests; rates under an arrival pattern of its own can be worse.',
};
