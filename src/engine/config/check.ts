import type * as z from 'zod/mini';
import { parseGate } from '../../core/benchmark/gates.ts';
import { modelRef } from '../../core/catalog/lookup.ts';
import { Failure } from '../../core/failure.ts';
import { ruleProblems } from '../../core/routing/rules.ts';
import { makeTiers } from '../../core/routing/tiers.ts';
import { parseWorkspaceHost } from '../databricks/host.ts';
import { parseBaseUrl } from '../http/base-url.ts';
import { loadProblem } from './load-setting.ts';
import { type ConfiguredEndpoint, configSchema, endpointSchema, type TierwiseConfig } from './schema.ts';

/** What is wrong, and where: the path of keys and indices from the root. Values are not repeated: one may be a key. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** `endpoints[0].protocol: unknown …`. */
export function problemWords(problem: Problem): string {
  const path = problem.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return path === '' ? problem.message : `${path.replace(/^\./, '')}: ${problem.message}`;
}

/** Checks a whole configuration; `config` is there when there is no problem. */
export function checkConfig(value: unknown): { config?: TierwiseConfig; problems: Problem[] } {
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) {
    return { problems: parsed.error.issues.flatMap((issue) => issueProblems(issue, value, configSchema)) };
  }
  const problems = [
    ...endpointProblems(parsed.data.endpoints, ['endpoints']),
    ...tierProblems(parsed.data),
    ...ruleProblems(parsed.data.rules ?? []).map(({ path, message }) => ({ path: ['rules', ...path], message })),
    ...benchmarkProblems(parsed.data),
  ];
  if (problems.length > 0) return { problems };
  return { config: { ...parsed.data, endpoints: parsed.data.endpoints.map(normalised) }, problems };
}

/** Checks endpoints from a setting, one by one: a bad one does not take the good ones away. Paths start at the index. */
export function checkEndpoints(value: unknown): { endpoints: ConfiguredEndpoint[]; problems: Problem[] } {
  if (!Array.isArray(value))
    return { endpoints: [], problems: [{ path: [], message: 'must be a list of endpoints.' }] };
  const endpoints: ConfiguredEndpoint[] = [];
  const problems: Problem[] = [];
  for (const [index, item] of value.entries()) {
    const parsed = endpointSchema.safeParse(item);
    const found = parsed.success
      ? [
          ...ownProblems(parsed.data, []),
          ...duplicateProblems([...endpoints, parsed.data]).map(({ message }) => ({ path: ['id'], message })),
        ]
      : parsed.error.issues.flatMap((issue) => issueProblems(issue, item, endpointSchema));
    if (parsed.success && found.length === 0) endpoints.push(normalised(parsed.data));
    problems.push(...found.map(({ path, message }) => ({ path: [index, ...path], message })));
  }
  return { endpoints, problems };
}

function endpointProblems(endpoints: readonly ConfiguredEndpoint[], root: readonly string[]): Problem[] {
  return [
    ...endpoints.flatMap((endpoint, index) => ownProblems(endpoint, [...root, index])),
    ...duplicateProblems(endpoints).map(({ path, message }) => ({ path: [...root, ...path], message })),
  ];
}

/** What is wrong within one endpoint, beyond its shape: its address, and keys that its protocol or a model's task do not have. */
function ownProblems(endpoint: ConfiguredEndpoint, root: Problem['path']): Problem[] {
  const { protocol, baseUrl, auth, apiKey, apiVersion, models } = endpoint;
  const problems = attempted([...root, 'baseUrl'], () =>
    protocol === 'databricks' ? parseWorkspaceHost(baseUrl) : parseBaseUrl(baseUrl),
  );
  const wrong = (key: string, message: string) => problems.push({ path: [...root, key], message });
  if (auth !== undefined && protocol !== 'databricks') {
    wrong('auth', `signs in to a Databricks workspace only. Remove it, or write "protocol": "databricks".`);
  }
  if (auth !== undefined && apiKey !== undefined) {
    wrong('auth', 'and apiKey are two ways to sign in. Remove one of them.');
  }
  if (apiVersion !== undefined && protocol !== 'azure-openai') {
    wrong('apiVersion', 'belongs to Azure OpenAI only. Remove it, or write "protocol": "azure-openai".');
  }
  for (const [index, { task, pyfuncInput, pyfuncColumn }] of models.entries()) {
    if (task === 'pyfunc') continue;
    for (const [key, value] of Object.entries({ pyfuncInput, pyfuncColumn })) {
      if (value === undefined) continue;
      const message = 'belongs to custom (pyfunc) models only. Remove it, or write "task": "pyfunc".';
      problems.push({ path: [...root, 'models', index, key], message });
    }
  }
  return problems;
}

/** The workspace's origin in the place of what was pasted from a browser. */
function normalised(endpoint: ConfiguredEndpoint): ConfiguredEndpoint {
  if (endpoint.protocol !== 'databricks') return endpoint;
  return { ...endpoint, baseUrl: parseWorkspaceHost(endpoint.baseUrl).url };
}

function duplicateProblems(endpoints: readonly ConfiguredEndpoint[]): Problem[] {
  const problems: Problem[] = [];
  const ids = new Set<string>();
  for (const [index, endpoint] of endpoints.entries()) {
    if (ids.has(endpoint.id)) {
      problems.push({
        path: [index, 'id'],
        message: `"${endpoint.id}" is taken by another endpoint. Give each its own id.`,
      });
    }
    ids.add(endpoint.id);
    const models = new Set<string>();
    for (const [at, model] of endpoint.models.entries()) {
      if (models.has(model.id)) {
        problems.push({ path: [index, 'models', at, 'id'], message: `"${model.id}" stands here twice. Remove one.` });
      }
      models.add(model.id);
    }
  }
  return problems;
}

function tierProblems({ tiers, endpoints }: TierwiseConfig): Problem[] {
  const known = endpoints.flatMap((endpoint) => endpoint.models.map((model) => modelRef(endpoint.id, model.id)));
  const unknown = Object.entries(tiers ?? {}).flatMap(([name, tier]) => {
    if (tier?.model === undefined || known.includes(tier.model)) return [];
    return [{ path: ['tiers', name, 'model'], message: `"${tier.model}" is none of the models: ${list(known)}.` }];
  });
  return [...unknown, ...attempted(['tiers'], () => makeTiers(tiers))];
}

function benchmarkProblems({ benchmark }: TierwiseConfig): Problem[] {
  const { load, requests, repeats, gates = [] } = benchmark ?? {};
  const problem = load === undefined ? undefined : loadProblem(load);
  return [
    ...(problem === undefined ? [] : [{ path: ['benchmark', 'load'], message: problem }]),
    ...(requests !== undefined && repeats !== undefined
      ? [{ path: ['benchmark', 'repeats'], message: 'and requests both say how much is sent. Remove one of them.' }]
      : []),
    ...gates.flatMap((gate, index) => attempted(['benchmark', 'gates', index], () => parseGate(gate))),
  ];
}

/** The Failure that `check` throws, if it does, as a problem. */
function attempted(path: Problem['path'], check: () => unknown): Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof Failure) return [{ path, message: error.message }];
    throw error;
  }
}

/** What an issue of zod means, in words that say how to mend it. */
function issueProblems(issue: z.core.$ZodIssue, root: unknown, schema: z.ZodMiniType): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const secret = path.indexOf('apiKey');
  if (secret >= 0) return [{ path: path.slice(0, secret + 1), message: keyAdvice }];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path, message: unknownKey(key, path, schema) }));
  return [{ path, message: `${words(issue, path, valueAt(root, path))}` }];
}

const keyAdvice =
  'a key must not stand in a file. Put it into an environment variable and write {"env": "NAME_OF_THE_VARIABLE"}.';

const kinds: Readonly<Record<string, string>> = {
  string: 'a text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object { … }',
  array: 'a list [ … ]',
};

function words(issue: z.core.$ZodIssue, path: readonly (string | number)[], value: unknown): string {
  const last = path.at(-1);
  if (value === undefined) return `is missing. ${missing[String(last)] ?? ''}`.trim();
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}.`;
    case 'invalid_value':
      return `unknown ${last}; known: ${list(issue.values.map(String))}.`;
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') return 'must not be empty.';
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}.`;
    case 'too_big':
      if (issue.origin === 'string') return `must be at most ${issue.maximum} characters long.`;
      if (issue.origin === 'array') return `must hold at most ${issue.maximum} entries.`;
      return `must be at most ${issue.maximum}.`;
    case 'invalid_format':
      if (last === 'language') return 'must be two small letters, such as de.';
      return last === 'id' && path.at(-3) === 'models'
        ? 'must be one line of visible text, at most 200 characters.'
        : 'may hold letters, digits, dot, dash and underscore only, must start with a letter or digit, at most 64 characters.';
    default:
      return 'is not valid.';
  }
}

const missing: Readonly<Record<string, string>> = {
  endpoints: 'Write "endpoints": [ … ].',
  baseUrl: 'Write the address up to and with /v1, for example "https://api.example.com/v1".',
  protocol: 'Write "protocol": "openai".',
  models: 'Write "models": [ { "id": "…" } ].',
};

function unknownKey(key: string, path: readonly (string | number)[], schema: z.ZodMiniType): string {
  const known = keysAt(schema, path);
  const near = known.find((name) => name.toLowerCase() === key.toLowerCase());
  return `unknown key ${JSON.stringify(key.slice(0, 60))}; ${near === undefined ? `known: ${list(known)}` : `write "${near}"`}.`;
}

/** The keys that the schema allows at a path. */
function keysAt(schema: z.ZodMiniType, path: readonly (string | number)[]): string[] {
  let def = inner(schema);
  for (const step of path) {
    const next = def.type === 'array' ? def.element : def.shape?.[String(step)];
    if (next === undefined) return [];
    def = inner(next);
  }
  return Object.keys(def.shape ?? {}).filter((key) => key !== '$schema');
}

interface SchemaDef {
  readonly type: string;
  readonly innerType?: z.ZodMiniType;
  readonly element?: z.ZodMiniType;
  readonly shape?: Readonly<Record<string, z.ZodMiniType>>;
}

function inner(schema: z.ZodMiniType): SchemaDef {
  const def = schema._zod.def as SchemaDef;
  return def.innerType === undefined ? def : inner(def.innerType);
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(', ');
  if (names.length === 0) return 'none';
  return names.length > 12 ? `${shown} and ${names.length - 12} more` : shown;
}
