import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '../../../core/benchmark/plan.ts';
import { startMeasuring } from '../measuring.ts';
import { type Run, readRun } from '../run-folder.ts';
import type { Bench } from './bench.ts';
import type { Endpoint, EndpointOptions, Received } from './endpoint.ts';
import { makePlan, makePrompts, startMessage } from './run.ts';

/** What a scripted answer is made of. */
export interface Script {
  readonly request: Received;
  /** Requests that came before it. */
  readonly nth: number;
  readonly wait: (ms: number) => Promise<unknown>;
  /** A chunk with these fields of `delta`, and of the chunk itself. */
  delta(delta: object, chunk?: object): void;
  /** Anything: what stands behind `data: `. */
  event(data: object | string): void;
  /** Finish reason, usage (unless null) and end mark. */
  finish(usage?: object | null): void;
  readonly response: ServerResponse;
}

/** An endpoint whose answers are written by hand, event by event, at moments of their own. */
export function scripted(script: (script: Script) => Promise<void>): EndpointOptions {
  let count = 0;
  return {
    onRequest(request, response) {
      const event = (data: object | string) => {
        if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
      };
      const common = { id: 'c', object: 'chat.completion.chunk', created: 1, model: request.model };
      void script({
        request,
        nth: count++,
        wait: sleep,
        event,
        delta: (delta, chunk = {}) =>
          event({ ...common, choices: [{ index: 0, delta, finish_reason: null }], ...chunk }),
        finish(usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 }) {
          event({ ...common, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
          if (usage !== null) event({ ...common, choices: [], usage });
          event('[DONE]');
          response.end();
        },
        response,
      });
      return true;
    },
  };
}

/** Has the real measuring process send a plan's requests to an endpoint whose answers are written by hand. */
export async function measureScripted(
  bench: Bench,
  script: (script: Script) => Promise<void>,
  plan: Partial<Plan> = {},
  prompts = 20,
): Promise<Run & { readonly endpoint: Endpoint }> {
  const endpoint = await bench.serve(scripted(script));
  const message = startMessage(bench.runDir, makePlan(endpoint.baseUrl, plan), makePrompts(prompts));
  await startMeasuring({ entry: bench.entry, message }).done;
  return { ...(await readRun(bench.runDir)), endpoint };
}
