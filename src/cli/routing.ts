import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { ScorerId } from '../core/complexity/scorer.ts';
import { defaultScorer, loadScorer } from '../core/complexity/scorers.ts';
import { Failure } from '../core/failure.ts';
import type { Prompt } from '../core/prompts/prompt.ts';
import { type Profile, profileSchema } from '../core/routing/profile.ts';
import { type Route, type RouteOptions, route } from '../core/routing/route.ts';
import { loadRules } from '../core/routing/rules.ts';
import type { Preference, TierName } from '../core/routing/tier.ts';
import { makeTiers } from '../core/routing/tiers.ts';
import { configuredModels } from '../engine/config/models.ts';
import { readText } from '../engine/config/read-text.ts';
import type { TierwiseConfig } from '../engine/config/schema.ts';
import { parseJson } from '../engine/endpoints/failures.ts';

/** What the command line says of routing; it goes before the configuration. */
export interface RoutingOptions {
  readonly scorer?: ScorerId;
  readonly preference?: Preference;
  /** Name or file of a profile. */
  readonly profile?: string;
}

/** Conversations whose last tier is remembered; the one that was quiet longest is forgotten first. */
const mostConversations = 10_000;

/** Routes the prompts of one source, in their order: a conversation's tier is handed on from row to row. */
export class Router {
  readonly #options: RouteOptions;
  readonly #tiers = new Map<string, TierName>();

  constructor(options: RouteOptions) {
    this.#options = options;
  }

  route({ text, conversation, placeholders }: Prompt): Route {
    const previousTier = conversation === undefined ? undefined : this.#tiers.get(conversation);
    const found = route(text, { ...this.#options, previousTier, placeholders });
    if (conversation === undefined) return found;
    this.#tiers.delete(conversation);
    this.#tiers.set(conversation, found.tier.name);
    const [oldest] = this.#tiers.keys();
    if (this.#tiers.size > mostConversations && oldest !== undefined) this.#tiers.delete(oldest);
    return found;
  }
}

/**
 * The router for a source of prompts, by the command line, then by the configuration, then as by default.
 * @param source file that the prompts are read from, or - for standard input
 * @throws Failure `config` for rules, `input` for a profile that cannot be read
 */
export async function makeRouter(
  source: string,
  options: RoutingOptions,
  config: TierwiseConfig | undefined,
  configFile?: string,
): Promise<Router> {
  const folder = configFile === undefined ? undefined : dirname(resolve(configFile));
  const profile =
    options.profile !== undefined
      ? await loadProfile(options.profile)
      : config?.profile !== undefined
        ? await loadProfile(config.profile, folder)
        : undefined;
  const scorer = options.scorer ?? config?.scorer ?? profile?.scorer ?? defaultScorer;
  return new Router({
    scorer: await loadScorer(scorer),
    tiers: makeTiers(config?.tiers),
    // Embeddings answer no prompt.
    models: configuredModels(config?.endpoints ?? []).filter(({ task }) => task !== 'embeddings'),
    preference: options.preference ?? config?.preference ?? 'balanced',
    profile,
    rules: config?.rules && (await loadRules(config.rules)),
    context: { path: source === '-' ? undefined : pathFrom(folder ?? process.cwd(), source) },
    allowedModels: config?.allowedModels,
    unsureTier: config?.unsureTier,
  });
}

/** As rules see it: from the configuration's folder, with `/`; of a file outside only the name. */
function pathFrom(folder: string, source: string): string {
  const path = relative(folder, resolve(source)).split(sep).join('/');
  return path === '' || path.startsWith('../') || isAbsolute(path) ? basename(resolve(source)) : path;
}

/** @throws Failure `input` */
async function loadProfile(file: string, folder = '.'): Promise<Profile> {
  const path = resolve(folder, file);
  const profile = profileSchema.safeParse(parseJson(await readText(path)));
  if (profile.success) return profile.data;
  throw new Failure({ code: 'input', message: `${path} is no profile. Give one that tierwise calibrate wrote.` });
}
