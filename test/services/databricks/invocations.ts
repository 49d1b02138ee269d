import type { ServerResponse } from 'node:http';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { answer, type Behaviour, inputOf, type Task, usualBehaviour } from './answers.ts';
import type { Clock } from './clock.ts';
import type { Principal } from './identity.ts';
import type { RateLimits } from './limits.ts';
import { refusals } from './refusals.ts';
import { type Exchange, send } from './rest.ts';
import type { Json, Serving } from './serving.ts';

/** What goes wrong with the next requests to one endpoint. */
export type Fault = 'unavailable' | 'html' | 'proxy-502' | 'reset' | 'cut-stream';

export interface Invocation {
  readonly endpoint: string;
  readonly task: Task;
  /** The served model that is asked by name. */
  readonly served?: string | undefined;
  readonly body: Json;
  /** Name under which the model answers, where it is not the endpoint's. */
  readonly shown?: string;
}

/** Request bodies: 16 MB for custom models, 4 MB for all others. */
const mebibyte = 1024 * 1024;

/** Asks the models behind serving endpoints. */
export class Invocations {
  readonly behaviours = new Map<string, Behaviour>();
  readonly faults = new Map<string, Fault[]>();
  readonly #clock: Clock;
  readonly #serving: Serving;
  readonly #limits: RateLimits;

  constructor(clock: Clock, serving: Serving, limits: RateLimits) {
    this.#clock = clock;
    this.#serving = serving;
    this.#limits = limits;
  }

  /** What an endpoint's own `/invocations` takes. */
  taskOf(endpoint: string): Task {
    const task = this.#serving.task(endpoint);
    if (task === undefined) return 'pyfunc';
    return task.startsWith('agent/') ? 'responses' : (task.replace('llm/v1/', '') as Task);
  }

  /** @throws Refusal */
  async invoke(invocation: Invocation, who: Principal, { seen, response, signal }: Exchange): Promise<void> {
    const { endpoint: name, task, served, body, shown = name } = invocation;
    const fault = this.faults.get(name)?.shift();
    if (fault === 'unavailable') throw refusals.unavailable();
    if (fault === 'proxy-502') throw refusals.proxyPage(502);
    if (fault === 'html') throw refusals.proxyPage(200);
    if (fault === 'reset') {
      response.destroy();
      return;
    }
    const takes = this.#serving.task(name);
    if (who.mayNotQuery.includes(name)) throw refusals.notAllowed('Query', name);
    const most = (this.#serving.isCustom(name) ? 16 : 4) * mebibyte;
    if (Buffer.byteLength(seen.body) > most) throw refusals.tooLarge(most);
    if (takes !== undefined && !takes.startsWith('agent/') && takes !== `llm/v1/${task}`) {
      throw refusals.badRequest(`Endpoint ${name} serves ${takes} and does not take this request.`);
    }
    const input = inputOf(task, body);
    const settle = this.#limits.admit(name, input.tokens, input.maxTokens);
    const model = await this.#serving.admit(name, served, signal);
    if (signal.aborted) return settle(0);
    const behaviour = { ...usualBehaviour(this.#serving.family(name)), ...this.behaviours.get(name) };
    const made = answer(task, body, shown, Math.floor(this.#clock.now / 1000), behaviour);
    settle(made.outputTokens);
    response.setHeader('served-model-name', model);
    if (behaviour.firstTokenMs) await delay(behaviour.firstTokenMs);
    if (body.stream === true && made.frames) {
      const frames = fault === 'cut-stream' ? made.frames.slice(0, 3) : made.frames;
      await stream(response, frames, behaviour.tokenMs, signal);
      if (fault === 'cut-stream') response.destroy();
      else response.end();
    } else {
      send(response, 200, made.whole);
    }
  }
}

async function stream(
  response: ServerResponse,
  frames: readonly (Json | '[DONE]')[],
  tokenMs: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  for (const frame of frames) {
    if (signal.aborted) return;
    response.write(`data: ${frame === '[DONE]' ? frame : JSON.stringify(frame)}\n\n`);
    await (tokenMs ? delay(tokenMs) : nextTurn());
  }
}
