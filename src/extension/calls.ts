import type { Model } from '../core/catalog/model.ts';
import { systemClock } from '../engine/calling/clock.ts';
import { type CallAttempt, callWithRetries, RetryBudget } from '../engine/calling/retry.ts';
import { AdaptiveTimeouts, fixedTimeouts } from '../engine/calling/timeout.ts';
import { callChat } from '../engine/endpoints/call.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import { createFetchTransport } from '../engine/http/fetch-transport.ts';
import type { BoundKey } from '../protocol/measure.ts';
import type { Endpoint } from './endpoints.ts';
import type { Settings } from './settings.ts';
import type { VscodeModels } from './vscode-models.ts';

/** One prompt for one model. */
export interface Question {
  readonly model: Model;
  readonly endpoint: Endpoint;
  readonly key: BoundKey | undefined;
  readonly prompt: string;
  /** Of the prompt, in [0,1]. */
  readonly complexity: number;
}

/** Where an answer goes while it comes. */
export interface Listener {
  text(delta: string): void;
  /** Another attempt begins: what has come so far is not part of the answer. */
  again(): void;
}

/** Asks single questions for a person, and remembers for the window how long each model needs and which endpoint is overloaded. */
export class Calls {
  readonly #settings: Settings;
  readonly #vscodeModels: VscodeModels;
  readonly #budgets = new Map<string, RetryBudget>();
  #adaptive: { readonly capMs: number; readonly timeouts: AdaptiveTimeouts } | undefined;

  constructor(settings: Settings, vscodeModels: VscodeModels) {
    this.#settings = settings;
    this.#vscodeModels = vscodeModels;
  }

  /** All attempts, the deciding one last. Never rejects because of the endpoint. */
  async ask(question: Question, listener: Listener, signal: AbortSignal): Promise<CallAttempt[]> {
    const { model, endpoint, key, prompt, complexity } = question;
    const capMs = this.#settings.get('benchmark.timeoutSeconds') * 1_000;
    const maxTokens = this.#settings.get('benchmark.maxTokens');
    if (endpoint.protocol === 'vscode-lm') {
      // What its provider retries, VS Code does not tell; a second round of ours would be billed on top.
      const outcome = await this.#vscodeModels.askOnce(
        { model: model.id, prompt, maxTokens },
        (delta) => listener.text(delta),
        { timeoutMs: capMs, signal },
      );
      return [{ outcome, timeout: { ms: capMs, basis: 'fixed' }, waitedMs: 0 }];
    }
    const transport = createFetchTransport();
    const target = {
      protocol: endpoint.protocol,
      baseUrl: parseBaseUrl(endpoint.baseUrl).url,
      key,
      apiVersion: endpoint.apiVersion,
    };
    try {
      return await callWithRetries(
        ({ index, timeout, signal }) => {
          if (index > 0) listener.again();
          return callChat(
            transport,
            target,
            {
              model: model.id,
              task: model.task,
              pyfunc: model.pyfunc,
              messages: [{ role: 'user', content: prompt }],
              maxTokens,
              // A custom model of rows answers at once or not at all.
              stream: model.task !== 'pyfunc',
            },
            { timeoutMs: timeout.ms, signal, onText: (delta) => listener.text(delta) },
          );
        },
        {
          ...systemClock,
          maxRetries: this.#settings.get('benchmark.maxRetries'),
          budget: this.#budgetOf(endpoint.id),
          timeouts: this.#timeouts(capMs),
          complexity,
          target: model.ref,
          signal,
        },
      );
    } finally {
      await transport.close();
    }
  }

  #budgetOf(endpoint: string): RetryBudget {
    const budget = this.#budgets.get(endpoint) ?? new RetryBudget();
    this.#budgets.set(endpoint, budget);
    return budget;
  }

  #timeouts(capMs: number) {
    if (!this.#settings.get('benchmark.adaptiveTimeout')) return fixedTimeouts(capMs);
    if (this.#adaptive?.capMs !== capMs) this.#adaptive = { capMs, timeouts: new AdaptiveTimeouts({ capMs }) };
    return this.#adaptive.timeouts;
  }
}
