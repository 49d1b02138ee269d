import { formatUsd } from '../../core/catalog/cost.ts';
import { bundledDbuPrice, defaultDbuUsd, usdOfDbu } from '../../core/catalog/databricks.ts';
import { plainModelName, type Retirement, retirements } from '../../core/catalog/databricks-models.ts';
import { plainText } from '../../core/prompts/plain-text.ts';
import type { WorkspaceEndpoint, WorkspaceTask } from './serving.ts';

/** What a name of a model means in a workspace. */
export interface ResolvedModel {
  /** Absent: nothing that is served fits; the reason says what could be taken by name. */
  readonly endpoint?: WorkspaceEndpoint | undefined;
  /** `exact`: the name itself; `same`: the same model under another name; `successor`, `nearest`: another model. */
  readonly how: 'exact' | 'same' | 'successor' | 'nearest' | 'none';
  /** One or two sentences for a person; also for an exact name, where the endpoint is not ready. */
  readonly reason: string;
}

/**
 * The serving endpoint that comes closest to a model's name: itself, the same model under another name, the successor of
 * a retired one, else the nearest by family, size and price among endpoints of the same task that are ready. What is not the
 * very name is always explained.
 */
export function resolveModel(wanted: string, endpoints: readonly WorkspaceEndpoint[]): ResolvedModel {
  const named = endpoints.find(({ name }) => name === wanted.trim());
  if (named)
    return { endpoint: named, how: 'exact', reason: `The workspace serves ${plainText(wanted)}.${notReady(named)}` };
  const plain = plainModelName(wanted);
  const same = preferReady(endpoints.filter((endpoint) => namesOf(endpoint).includes(plain)));
  if (same) {
    return {
      endpoint: same,
      how: 'same',
      reason: `${plainText(wanted)} is served as ${plainText(same.name)}.${notReady(same)}`,
    };
  }
  const retired = retirements.find(({ pattern }) => pattern.test(plain));
  const ready = endpoints.filter(({ readiness }) => readiness === 'ready');
  if (retired) {
    const successor = successorOf(retired, ready);
    if (successor) return { endpoint: successor, how: 'successor', reason: succession(retired, successor) };
  }
  return nearest(wanted, plain, ready, retired);
}

function notReady({ readiness, scaledToZero }: WorkspaceEndpoint): string {
  if (readiness !== 'ready') return ` It is ${readiness} now.`;
  return scaledToZero ? ' It sleeps now; the first request wakes it.' : '';
}

function preferReady(endpoints: readonly WorkspaceEndpoint[]): WorkspaceEndpoint | undefined {
  return endpoints.find(({ readiness }) => readiness === 'ready') ?? endpoints[0];
}

function namesOf({ name, entities }: WorkspaceEndpoint): string[] {
  return [name, ...entities.flatMap(({ entity }) => (entity?.startsWith('system.ai.') ? [entity] : []))].map(
    plainModelName,
  );
}

function successorOf(retired: Retirement, ready: readonly WorkspaceEndpoint[]): WorkspaceEndpoint | undefined {
  for (const successor of retired.successors) {
    const found = ready.find((endpoint) => namesOf(endpoint).includes(successor));
    if (found) return found;
  }
  return undefined;
}

function succession({ name, since, successors, why }: Retirement, successor: WorkspaceEndpoint): string {
  const gone = `${name} was retired${since === undefined ? '' : ` on ${since}`}`;
  return namesOf(successor).includes(successors[0] ?? '')
    ? `${gone}; ${why}: ${successor.name}.`
    : `${gone}. Its closest successor is not served here; ${successor.name} comes next.`;
}

/** What a name tells of a model. */
interface Traits {
  readonly family?: string | undefined;
  /** What a family calls its classes: `opus`, `mini`. */
  readonly variant?: string | undefined;
  /** Billions of parameters; of a mixture of experts all of them. */
  readonly size?: number | undefined;
  readonly task: WorkspaceTask;
  /** Version numbers in their order, to tell later from earlier. */
  readonly version: readonly number[];
}

const families = [
  'llama',
  'claude',
  'gpt-oss',
  'gpt',
  'gemini',
  'gemma',
  'qwen',
  'mistral',
  'mixtral',
  'dbrx',
  'mpt',
  'gte',
  'bge',
  'phi',
  'deepseek',
];
const variants = ['opus', 'sonnet', 'haiku', 'mini', 'nano', 'pro', 'flash', 'maverick', 'scout', 'coder'];
const embeddingFamilies = new Set(['gte', 'bge', 'e5']);
/** Billions of parameters of models whose names do not tell. */
const knownSizes: readonly (readonly [RegExp, number])[] = [
  [/^dbrx/, 132],
  [/^mixtral-8x7b/, 47],
  [/^mixtral-8x22b/, 141],
  [/^llama-4-maverick/, 400],
  [/^llama-4-scout/, 109],
];

function traitsOf(plain: string): Traits {
  const family = families.find((name) => new RegExp(`(^|-)${name}(?![a-z])`).test(plain));
  const variant = variants.find((name) => new RegExp(`(^|-)${name}(-|$)`).test(plain));
  const stated = /(?:^|-)(\d+(?:-\d+)?)b(?:-|$)/.exec(plain)?.[1];
  // `0-6b` is 0.6; in `3-1-8b` the 3 and 1 are a version.
  const size =
    knownSizes.find(([pattern]) => pattern.test(plain))?.[1] ??
    (stated === undefined
      ? undefined
      : Number(/^0-\d+$/.test(stated) ? stated.replace('-', '.') : stated.split('-').at(-1)));
  const version = (plain.match(/(?<=^|-|[a-z])\d+(?=-|$)/g) ?? []).map(Number);
  const embedding = /embed|(^|-)e5(-|$)/.test(plain) || embeddingFamilies.has(family ?? '');
  return { family, variant, size, task: embedding ? 'embeddings' : 'chat', version };
}

function nearest(
  wanted: string,
  plain: string,
  ready: readonly WorkspaceEndpoint[],
  retired: Retirement | undefined,
): ResolvedModel {
  const asked = traitsOf(plain);
  const shown = plainText(wanted, 80);
  const gone = retired === undefined ? `The workspace does not serve ${shown}` : `${retired.name} was retired`;
  const candidates = ready.filter(({ task, kind }) => task === asked.task && kind !== 'custom' && kind !== 'agent');
  const price = priceOf(wanted);
  const ranked = candidates
    .map((endpoint) => ({ endpoint, ...closeness(asked, price, endpoint) }))
    .sort((a, b) => b.score - a.score || later(b.traits.version, a.traits.version));
  const [best] = ranked;
  if (best === undefined || best.because.length === 0) {
    const names = candidates.map(({ name }) => plainText(name, 80));
    const list =
      names.length === 0 ? '' : ` It has: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}.`;
    const kind = asked.task === 'embeddings' ? 'embedding' : 'chat';
    return { how: 'none', reason: `${gone}, and no ${kind} model that is ready comes close to it.${list}` };
  }
  return {
    endpoint: best.endpoint,
    how: 'nearest',
    reason: `${gone}; of what is ready, ${plainText(best.endpoint.name)} comes closest: ${best.because.join(', ')}.`,
  };
}

/**
 * How close an endpoint is to what was asked for: 2 for the family, 2 more for the class within it, up to 3 for the size (1 less
 * for each doubling), up to 1 for the price. `because` says what they have in common; empty: nothing.
 */
function closeness(asked: Traits, price: number | undefined, endpoint: WorkspaceEndpoint) {
  const own = namesOf(endpoint).map(traitsOf);
  const traits: Traits = {
    family: own.find(({ family }) => family)?.family,
    variant: own.find(({ variant }) => variant)?.variant,
    size: own.find(({ size }) => size)?.size,
    task: endpoint.task,
    version: own[0]?.version ?? [],
  };
  const because: string[] = [];
  let score = 0;
  if (asked.family !== undefined && asked.family === traits.family) {
    const classed = asked.variant !== undefined && asked.variant === traits.variant;
    score += classed ? 4 : 2;
    because.push(`the same family (${asked.family}${classed ? ` ${asked.variant}` : ''})`);
  }
  if (asked.size !== undefined && traits.size !== undefined) {
    const doublings = Math.abs(Math.log2(asked.size / traits.size));
    score += Math.max(0, 3 - doublings);
    if (doublings < 3) because.push(`${traits.size}B parameters against ${asked.size}B`);
  }
  const usd = endpoint.prices?.outputUsd ?? endpoint.prices?.inputUsd;
  if (price !== undefined && usd !== undefined) {
    const doublings = Math.abs(Math.log2(price / usd));
    score += Math.max(0, 1 - doublings / 2);
    if (doublings < 1) because.push(`${formatUsd(usd)} against ${formatUsd(price)} per million tokens`);
  }
  return { score, because, traits };
}

/** USD per million output tokens, where the bundled table has the name. */
function priceOf(name: string): number | undefined {
  const dbu = bundledDbuPrice(name.trim());
  return dbu === undefined ? undefined : usdOfDbu(dbu.outputDbu, defaultDbuUsd);
}

/** Compares versions part by part: above 0 when `a` is later. */
function later(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
