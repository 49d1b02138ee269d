import * as vscode from 'vscode';
import type { Model } from '../core/catalog/model.ts';
import { checkEndpoints, problemWords } from '../engine/config/check.ts';
import { configuredModels } from '../engine/config/models.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import type { Settings } from './settings.ts';

/** Id of the simulated endpoint; no other endpoint may have it. */
export const simulatedId = 'simulated';

interface Known {
  readonly endpoints: readonly ConfiguredEndpoint[];
  readonly models: readonly Model[];
  readonly problems: readonly string[];
}

/** All endpoints: those of the settings, and the simulated one while it runs. */
export class Endpoints implements vscode.Disposable {
  readonly #settings: Settings;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #simulated: ConfiguredEndpoint | undefined;
  #known: Known | undefined;
  readonly onDidChange = this.#changed.event;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#subscription = settings.onDidChange(() => this.#forget());
  }

  /** Those that can be used. */
  get all(): readonly ConfiguredEndpoint[] {
    return this.#read().endpoints;
  }

  get models(): readonly Model[] {
    return this.#read().models;
  }

  /** What is wrong in the setting, one sentence each. */
  get problems(): readonly string[] {
    return this.#read().problems;
  }

  get simulated(): ConfiguredEndpoint | undefined {
    return this.#simulated;
  }

  find(id: string): ConfiguredEndpoint | undefined {
    return this.all.find((endpoint) => endpoint.id === id);
  }

  /** The simulated endpoint lives in memory only: it never enters the settings. */
  setSimulated(endpoint: ConfiguredEndpoint | undefined): void {
    this.#simulated = endpoint;
    this.#forget();
  }

  /** Adds to the person's settings. What stands there already is kept as it is, also where it is not valid. */
  async add(endpoint: ConfiguredEndpoint): Promise<void> {
    await this.#write([...this.#rawList(), endpoint]);
  }

  async remove(id: string): Promise<void> {
    await this.#write(this.#rawList().filter((item) => idOf(item) !== id));
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #rawList(): unknown[] {
    const raw = this.#settings.raw('endpoints');
    return Array.isArray(raw) ? raw : [];
  }

  async #write(list: unknown[]): Promise<void> {
    await this.#settings.set('endpoints', list as ConfiguredEndpoint[]);
  }

  #read(): Known {
    if (!this.#known) {
      const { endpoints, problems } = checkEndpoints(this.#settings.raw('endpoints'));
      const own = endpoints.filter(({ id }) => id !== simulatedId);
      const all = this.#simulated ? [...own, this.#simulated] : own;
      this.#known = {
        endpoints: all,
        models: configuredModels(all),
        problems: [
          ...problems.map((problem) => `tierwise.endpoints${problemWords(problem).replace(/^(?!\[)/, ': ')}`),
          ...(own.length < endpoints.length
            ? [`The id "${simulatedId}" is the built-in endpoint's. Choose another.`]
            : []),
        ],
      };
    }
    return this.#known;
  }

  #forget(): void {
    this.#known = undefined;
    this.#changed.fire();
  }
}

function idOf(item: unknown): unknown {
  return typeof item === 'object' && item !== null ? Reflect.get(item, 'id') : undefined;
}
