import * as vscode from 'vscode';
import type { Model } from '../core/catalog/model.ts';
import type { Protocol } from '../core/catalog/protocol.ts';
import { checkEndpoints, problemWords } from '../engine/config/check.ts';
import { configuredModels } from '../engine/config/models.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import { simulatedId, vscodeId } from './reserved-ids.ts';
import type { Settings } from './settings.ts';

const reservedIds: readonly string[] = [simulatedId, vscodeId];

/** An endpoint that can be used: one of the settings, or one that lives in memory only. */
export interface Endpoint extends Omit<ConfiguredEndpoint, 'protocol'> {
  readonly protocol: Protocol;
}

interface Known {
  readonly own: readonly ConfiguredEndpoint[];
  readonly endpoints: readonly Endpoint[];
  readonly models: readonly Model[];
  readonly problems: readonly string[];
}

/** All endpoints: those of the settings, the simulated one while it runs, and VS Code's own models once they were asked for. */
export class Endpoints implements vscode.Disposable {
  readonly #settings: Settings;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #simulated: Endpoint | undefined;
  #vscode: Endpoint | undefined;
  #known: Known | undefined;
  readonly onDidChange = this.#changed.event;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#subscription = settings.onDidChange(() => this.#forget());
  }

  /** Those that can be used. */
  get all(): readonly Endpoint[] {
    return this.#read().endpoints;
  }

  /** Those of the settings. */
  get own(): readonly ConfiguredEndpoint[] {
    return this.#read().own;
  }

  /** Ids that a new endpoint cannot have. */
  get takenIds(): ReadonlySet<string> {
    return new Set([
      ...reservedIds,
      ...this.#rawList()
        .map(idOf)
        .filter((id) => typeof id === 'string'),
    ]);
  }

  get models(): readonly Model[] {
    return this.#read().models;
  }

  /** What is wrong in the setting, one sentence each. */
  get problems(): readonly string[] {
    return this.#read().problems;
  }

  get simulated(): Endpoint | undefined {
    return this.#simulated;
  }

  /** VS Code's own models. */
  get vscode(): Endpoint | undefined {
    return this.#vscode;
  }

  find(id: string): Endpoint | undefined {
    return this.all.find((endpoint) => endpoint.id === id);
  }

  /** The simulated endpoint lives in memory only: it never enters the settings. */
  setSimulated(endpoint: Endpoint | undefined): void {
    this.#simulated = endpoint;
    this.#forget();
  }

  /** So do VS Code's own models: they are the window's, not the settings'. */
  setVscode(endpoint: Endpoint | undefined): void {
    this.#vscode = endpoint;
    this.#forget();
  }

  /** Adds to the person's settings. What stands there already is kept as it is, also where it is not valid. */
  async add(...endpoints: readonly ConfiguredEndpoint[]): Promise<void> {
    await this.#write([...this.#rawList(), ...endpoints]);
  }

  /** Changes one of the person's endpoints. */
  async replace(endpoint: ConfiguredEndpoint): Promise<void> {
    await this.#write(this.#rawList().map((item) => (idOf(item) === endpoint.id ? endpoint : item)));
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
      const own = endpoints.filter(({ id }) => !reservedIds.includes(id));
      const inMemory = [this.#simulated, this.#vscode].filter((endpoint) => endpoint !== undefined);
      const all = [...own, ...inMemory];
      this.#known = {
        own,
        endpoints: all,
        models: configuredModels(all),
        problems: [
          ...problems.map((problem) => `tierwise.endpoints${problemWords(problem).replace(/^(?!\[)/, ': ')}`),
          ...endpoints
            .filter(({ id }) => reservedIds.includes(id))
            .map(({ id }) => `The id "${id}" is a built-in endpoint's. Choose another.`),
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
