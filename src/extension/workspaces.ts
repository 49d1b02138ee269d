import * as vscode from 'vscode';
import { Failure, type FailureDetail } from '../core/failure.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import type { WorkspaceEndpoint } from '../engine/databricks/serving.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import { createFetchTransport } from '../engine/http/fetch-transport.ts';
import type { Consent } from './consent.ts';
import type { Endpoints } from './endpoints.ts';
import type { Keys } from './keys.ts';
import type { Log } from './log.ts';

/** A configured workspace as far as it is known. */
export interface Workspace {
  /** As it is configured. */
  readonly endpoint: ConfiguredEndpoint;
  /** Where it is, for a browser too. */
  readonly origin: string;
  /** Who signs in, in words; absent until it worked. */
  readonly signedInAs?: string | undefined;
  /** What it serves; absent until it was listed. */
  readonly serving?: readonly WorkspaceEndpoint[] | undefined;
  /** Why it could not be listed. */
  readonly failure?: FailureDetail | undefined;
}

type Known = Pick<Workspace, 'signedInAs' | 'serving' | 'failure'>;

/** The Databricks workspaces of the settings and what they serve. None is asked before a person has connected it in this window. */
export class Workspaces implements vscode.Disposable {
  readonly #endpoints: Endpoints;
  readonly #keys: Keys;
  readonly #consent: Consent;
  readonly #log: Log;
  readonly #known = new Map<string, Known>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(parts: { endpoints: Endpoints; keys: Keys; consent: Consent; log: Log }) {
    this.#endpoints = parts.endpoints;
    this.#keys = parts.keys;
    this.#consent = parts.consent;
    this.#log = parts.log;
    this.#subscription = this.#endpoints.onDidChange(() => this.#changed.fire());
  }

  /** Those of the settings. */
  get configured(): readonly ConfiguredEndpoint[] {
    return this.#endpoints.own.filter(({ protocol }) => protocol === 'databricks');
  }

  /** Those that were connected in this window. */
  get connected(): readonly Workspace[] {
    return this.configured.flatMap((endpoint) => {
      const known = this.#known.get(endpoint.id);
      return known ? [{ endpoint, origin: parseBaseUrl(endpoint.baseUrl).origin, ...known }] : [];
    });
  }

  find(id: string): Workspace | undefined {
    return this.connected.find(({ endpoint }) => endpoint.id === id);
  }

  /** Signs in and lists. A workspace that cannot be listed says why in its `failure`. @throws CancellationError */
  async connect(endpoints: readonly ConfiguredEndpoint[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      endpoints.map(async (endpoint) => {
        const known = await this.#list(endpoint, signal);
        if (signal.aborted) return;
        this.#known.set(endpoint.id, known);
        this.#changed.fire();
      }),
    );
    if (signal.aborted) throw new vscode.CancellationError();
  }

  /** Takes in what adding a workspace has just listed. */
  learn(id: string, serving: readonly WorkspaceEndpoint[], signedInAs: string): void {
    this.#known.set(id, { serving, signedInAs });
    this.#changed.fire();
  }

  async #list(endpoint: ConfiguredEndpoint, signal: AbortSignal): Promise<Known> {
    const transport = createFetchTransport();
    try {
      await this.#consent.keyFor(endpoint);
      const source = await this.#keys.source(endpoint);
      const { listServed } = await import('../engine/databricks/model-services.ts');
      const onNote = (note: string) => this.#log.info(`${endpoint.id}: ${note}`);
      const serving = await listServed(transport, source, { signal, onNote, onServiceNote: onNote });
      return { serving, signedInAs: source.described };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#log.error(`${endpoint.id}: ${error.code}: ${error.message}`);
      // What was known of it may be true no more.
      return { failure: { code: error.code, message: this.#log.redacted(error.message) } };
    } finally {
      await transport.close();
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
