import { Failure } from '../core/failure.ts';
import { counted } from '../core/numbers.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { aligned } from '../core/report/aligned.ts';
import { signIn } from '../engine/config/keys.ts';
import { loadConfig } from '../engine/config/load.ts';
import { boundKeys } from '../engine/config/models.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import type { Transport } from '../engine/http/transport.ts';
import { createUndiciTransport } from '../engine/http/undici-transport.ts';
import { wrongUse } from './options.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface EndpointsOptions {
  readonly config?: string;
  readonly databricks?: true;
  readonly profile?: string;
  readonly host?: string;
  readonly dbuRate?: number;
  readonly resolve?: string;
  readonly discover?: true;
  readonly add?: string;
  readonly id?: string;
  readonly json?: true;
}

/** Prints the configured endpoints, those of a Databricks workspace, or the servers that run on this machine. */
export async function endpoints(options: EndpointsOptions, terminal: Terminal): Promise<ExitCode> {
  const sources = [options.config, options.databricks, options.discover].filter((source) => source !== undefined);
  if (sources.length !== 1) throw wrongUse('Give one of --config FILE, --databricks and --discover.');
  refuseOthers(options);
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 8 });
  try {
    if (options.config !== undefined) return await configured(options.config, options, terminal, transport);
    if (options.discover === true) {
      const { discovered } = await import('./endpoints-local.ts');
      return await discovered(options, terminal, transport);
    }
    const { workspace } = await import('./endpoints-databricks.ts');
    return await workspace(options, terminal, transport);
  } finally {
    await transport.close();
  }
}

/** An option that would do nothing is a mistake. */
function refuseOthers(options: EndpointsOptions): void {
  const { profile, host, dbuRate, resolve, add, id, config, databricks } = options;
  if (databricks === undefined) {
    for (const [name, value] of Object.entries({ profile, host, 'dbu-rate': dbuRate, resolve, id })) {
      if (value !== undefined) throw wrongUse(`--${name} belongs to --databricks.`);
    }
  }
  if (config !== undefined && add !== undefined) throw wrongUse('--add belongs to --databricks and --discover.');
}

interface Listed {
  readonly id: string;
  readonly protocol: string;
  readonly address: string;
  readonly signIn: string;
  readonly models: readonly string[];
  readonly problems: readonly string[];
}

async function configured(
  file: string,
  { json }: EndpointsOptions,
  terminal: Terminal,
  transport: Transport,
): Promise<ExitCode> {
  const config = await loadConfig(file);
  const listed = await Promise.all(config.endpoints.map((endpoint) => list(endpoint, terminal, transport)));
  if (json === true) await terminal.out(`${JSON.stringify(listed, undefined, 2)}\n`);
  else if (listed.length === 0) terminal.note('The configuration has no endpoint.');
  else await terminal.out(table(listed));
  return listed.some(({ problems }) => problems.length > 0) ? exit.wrongUse : exit.done;
}

async function list(endpoint: ConfiguredEndpoint, terminal: Terminal, transport: Transport): Promise<Listed> {
  const problems: string[] = [];
  const { needsConfirmation } = parseBaseUrl(endpoint.baseUrl);
  if (needsConfirmation !== undefined) problems.push(needsConfirmation);
  let signedIn = 'missing';
  try {
    signedIn = await signInWords(endpoint, terminal, transport);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problems.push(error.message);
  }
  return {
    id: endpoint.id,
    protocol: endpoint.protocol,
    address: endpoint.baseUrl,
    signIn: signedIn,
    models: endpoint.models.map(({ id }) => id),
    problems,
  };
}

/** @throws Failure that says what is missing. */
async function signInWords(
  endpoint: ConfiguredEndpoint,
  { env, interrupted }: Terminal,
  transport: Transport,
): Promise<string> {
  if (endpoint.apiKey !== undefined) {
    boundKeys([endpoint], env);
    return `key in ${endpoint.apiKey.env}`;
  }
  if (endpoint.protocol !== 'databricks') return 'no key';
  const source = await signIn(endpoint, { transport, env, signal: interrupted });
  await source.token(interrupted);
  return source.described;
}

function table(listed: readonly Listed[]): string {
  const rows = listed.map(({ id, protocol, address, signIn, models }) => [
    id,
    protocol,
    plainText(address, 100),
    plainText(signIn, 80),
    counted(models.length, 'model'),
  ]);
  const head = ['endpoint', 'protocol', 'address', 'sign-in', 'models'];
  return [
    ...aligned([head, ...rows], ['left', 'left', 'left', 'left', 'right']),
    ...listed.flatMap(({ id, problems }) => problems.map((problem) => `${id}: ${plainText(problem, 600)}`)),
    '',
  ].join('\n');
}
