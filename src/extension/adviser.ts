import type { Model } from '../core/catalog/model.ts';
import type { Scorer } from '../core/complexity/scorer.ts';
import { seedScorer } from '../core/complexity/seed-scorer.ts';
import { Failure } from '../core/failure.ts';
import { type Route, route } from '../core/routing/route.ts';
import type { Tier } from '../core/routing/tier.ts';
import { defaultTiers, makeTiers } from '../core/routing/tiers.ts';
import type { Endpoints } from './endpoints.ts';
import type { Settings } from './settings.ts';

interface Tiers {
  readonly tiers: readonly Tier[];
  /** Why the setting was not taken. */
  readonly problem?: string;
}

/** Gives advice on prompts by the person's settings. Works on the text alone: no model, no network, no key. */
export class Adviser {
  readonly #settings: Settings;
  readonly #endpoints: Endpoints;
  #routes = new WeakMap<object, Route>();
  #tiers: Tiers | undefined;

  constructor(settings: Settings, endpoints: Endpoints) {
    this.#settings = settings;
    this.#endpoints = endpoints;
    // Endpoints say so whenever any setting changes.
    endpoints.onDidChange(() => {
      this.#routes = new WeakMap();
      this.#tiers = undefined;
    });
  }

  get tiers(): readonly Tier[] {
    return this.#readTiers().tiers;
  }

  get scorer(): Scorer {
    return seedScorer;
  }

  /** What is wrong with the setting `tierwise.tiers`; advice then goes by the default tiers. */
  get problem(): string | undefined {
    return this.#readTiers().problem;
  }

  /** The route of a prompt, worked out once for each subject. */
  route(subject: { readonly text: string }): Route {
    let known = this.#routes.get(subject);
    if (!known) {
      // Embeddings answer no prompt.
      const models = this.#endpoints.models.filter(({ task }) => task !== 'embeddings');
      known = this.routeAmong(subject.text, models);
      this.#routes.set(subject, known);
    }
    return known;
  }

  /** The route when only these models could be chosen. */
  routeAmong(prompt: string, models: readonly Model[]): Route {
    const expected = this.#settings.get('expectedOutputTokens');
    return route(prompt, {
      scorer: this.scorer,
      tiers: this.tiers,
      models,
      preference: this.#settings.get('preference'),
      expectedOutput: expected === null ? undefined : { low: expected, high: expected },
    });
  }

  #readTiers(): Tiers {
    this.#tiers ??= tiersOf(this.#settings);
    return this.#tiers;
  }
}

function tiersOf(settings: Settings): Tiers {
  try {
    return { tiers: makeTiers(settings.get('tiers')) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { tiers: defaultTiers, problem: `Setting tierwise.${error.message} The default tiers are used.` };
  }
}
