import { formatUsd } from '../core/catalog/cost.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { aligned } from '../core/report/aligned.ts';
import { type ConfiguredEndpoint, endpointIdPattern } from '../engine/config/schema.ts';
import { resolveSignIn } from '../engine/databricks/auth.ts';
import { toConfigured, usableTask, workspaceId } from '../engine/databricks/configured.ts';
import { parseWorkspaceHost } from '../engine/databricks/host.ts';
import { listServed } from '../engine/databricks/model-services.ts';
import { type ResolvedModel, resolveModel } from '../engine/databricks/resolve-model.ts';
import type { WorkspaceEndpoint } from '../engine/databricks/serving.ts';
import type { TokenSource } from '../engine/databricks/token.ts';
import type { Transport } from '../engine/http/transport.ts';
import type { EndpointsOptions } from './endpoints.ts';
import { addEndpoints } from './endpoints-add.ts';
import { quoted, wrongUse } from './options.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

/** Prints what a workspace serves, or what one name means there; with --add writes it into a configuration. */
export async function workspace(
  options: EndpointsOptions,
  terminal: Terminal,
  transport: Transport,
): Promise<ExitCode> {
  const { resolve, add, dbuRate, json, id } = options;
  if (id !== undefined && !endpointIdPattern.test(id)) {
    throw wrongUse(`--id may hold letters, digits, dot, dash and underscore only, not ${quoted(id)}.`);
  }
  const source = await signInTo(options, terminal, transport);
  terminal.note(`${source.origin}, with the ${plainText(source.described)}.`);
  const notes: string[] = [];
  const serviceNotes: string[] = [];
  const served = await listServed(transport, source, {
    signal: terminal.interrupted,
    dbuUsd: dbuRate,
    onNote: (note) => notes.push(note),
    onServiceNote: (note) => serviceNotes.push(note),
  });
  for (const note of notes) terminal.note(plainText(note, 300));
  const found = resolve === undefined ? undefined : resolveModel(resolve, served);
  if (json === true)
    await terminal.out(`${JSON.stringify(toJson(source, served, [...notes, ...serviceNotes], found), undefined, 2)}\n`);
  else if (found !== undefined) await terminal.out(`${resolved(found)}\n`);
  else await terminal.out(table(served));
  if (add !== undefined) {
    const chosen = found === undefined ? served : found.endpoint === undefined ? [] : [found.endpoint];
    const named = toConfigured(chosen, { id: id ?? workspaceId(source.origin), origin: source.origin });
    await addEndpoints(add, [{ ...named, ...reference(source) }], terminal);
    const left = chosen.filter((endpoint) => usableTask(endpoint) === undefined);
    if (left.length > 0) {
      terminal.note(`Left out, because agents and unknown tasks cannot be asked: ${names(left)}.`);
    }
  }
  return found !== undefined && found.endpoint === undefined ? exit.gateFailed : exit.done;
}

/** An address that was typed says for which workspace the credentials of the environment are, where the environment does not. */
function signInTo(
  { host, profile }: EndpointsOptions,
  { env, interrupted }: Terminal,
  transport: Transport,
): Promise<TokenSource> {
  const origin = host === undefined ? undefined : parseWorkspaceHost(host).origin;
  return resolveSignIn(
    { host: origin, auth: profile === undefined ? undefined : { profile } },
    {
      transport,
      env: origin === undefined ? env : { ...env, DATABRICKS_HOST: env.DATABRICKS_HOST ?? origin },
      signal: interrupted,
    },
  );
}

/** Where the configuration finds the credentials again. They themselves never enter a file. */
function reference({ kind, profile }: TokenSource): Pick<ConfiguredEndpoint, 'apiKey' | 'auth'> {
  if (profile !== undefined) return { auth: { profile } };
  return kind === 'pat' ? { apiKey: { env: 'DATABRICKS_TOKEN' } } : { auth: { type: kind } };
}

function table(served: readonly WorkspaceEndpoint[]): string {
  const head = ['endpoint', 'task', 'kind', 'state', 'input $/M', 'output $/M', 'price from'];
  const rows = served.map(({ name, task, kind, prices, ...endpoint }) => [
    plainText(name, 80),
    task,
    kind,
    stateWords(endpoint),
    formatUsd(prices?.inputUsd),
    formatUsd(prices?.outputUsd),
    prices === undefined ? '' : `${prices.source}, ${prices.asOf}`,
  ]);
  return [
    ...aligned([head, ...rows], ['left', 'left', 'left', 'left', 'right', 'right', 'left']),
    ...served.flatMap(({ name, notes }) => notes.map((note) => `${plainText(name, 80)}: ${plainText(note, 300)}`)),
    '',
  ].join('\n');
}

function stateWords({
  readiness,
  scaledToZero,
  mayScaleToZero,
}: Pick<WorkspaceEndpoint, 'readiness' | 'scaledToZero' | 'mayScaleToZero'>): string {
  if (scaledToZero) return `${readiness}, scaled to zero`;
  return mayScaleToZero ? `${readiness}, may scale to zero` : readiness;
}

function resolved({ endpoint, reason }: ResolvedModel): string {
  return endpoint === undefined ? `none\n  ${reason}` : `${plainText(endpoint.name)}\n  ${reason}`;
}

function toJson(
  source: TokenSource,
  served: readonly WorkspaceEndpoint[],
  notes: readonly string[],
  found: ResolvedModel | undefined,
) {
  return {
    workspace: source.origin,
    signIn: { kind: source.kind, described: source.described },
    ...(found === undefined
      ? { endpoints: served, notes }
      : { resolved: { model: found.endpoint?.name ?? null, how: found.how, reason: found.reason } }),
  };
}

function names(served: readonly WorkspaceEndpoint[]): string {
  return served.map(({ name }) => plainText(name, 80)).join(', ');
}
