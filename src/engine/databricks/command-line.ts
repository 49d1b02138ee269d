import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import { plainText } from '../../core/prompts/plain-text.ts';
import { parseJson } from '../endpoints/failures.ts';
import { abortFailure } from '../http/network-failure.ts';
import { redact } from '../http/redact.ts';
import { findProgram, type Program, programAt, type Ran, run } from './program.ts';
import { loginCommand } from './rest.ts';
import type { AccessToken } from './token.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The application id of Azure Databricks, the same in every tenant. */
const azureDatabricks = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d';

const databricksToken = z.looseObject({
  access_token: z.string(),
  expiry: z.optional(z.nullable(z.string())),
});
const azureToken = z.looseObject({
  accessToken: z.string(),
  /** Unix time in s; newer than `expiresOn`, which is in local time. */
  expires_on: z.optional(z.nullable(z.union([z.number(), z.string()]))),
  expiresOn: z.optional(z.nullable(z.string())),
});

/** What must not reach the CLI: it shall sign in to the workspace that we name, not to another that the environment names. */
const ownVariables = [
  'HOST',
  'TOKEN',
  'CLIENT_ID',
  'CLIENT_SECRET',
  'USERNAME',
  'PASSWORD',
  'AUTH_TYPE',
  'CONFIG_PROFILE',
  'ACCOUNT_ID',
  'WORKSPACE_ID',
].map((name) => `DATABRICKS_${name}`);

/**
 * A token from `databricks auth token`. The CLI keeps the refresh token; nothing of it is stored here.
 * @throws Failure `auth` with the command to type.
 */
export async function databricksCliToken(
  origin: string,
  profile: string | undefined,
  env: Environment,
  signal?: AbortSignal,
): Promise<AccessToken> {
  const login = loginCommand(origin, profile);
  const path = env.DATABRICKS_CLI_PATH?.trim();
  const program = path ? programAt(path) : findProgram('databricks', env);
  if (!program) {
    throw auth(
      path
        ? `DATABRICKS_CLI_PATH names no program that can be run. Correct it, or unset it.`
        : `The Databricks CLI (databricks) is not in the PATH. Install it from https://docs.databricks.com/dev-tools/cli/install, then type: ${login}`,
    );
  }
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => !ownVariables.includes(name.toUpperCase())));
  const args = ['auth', 'token', ...(profile === undefined ? ['--host', origin] : [`--profile=${profile}`])];
  const ran = await started(program, args, clean, 'Databricks CLI', signal);
  if (/no such command|no such option|unknown command|unknown flag/i.test(ran.stderr)) {
    throw auth('The Databricks CLI in the PATH is the old one, without "auth token". Install 0.205 or newer.');
  }
  if (ran.failed === 'exit') throw auth(`The Databricks CLI has no sign-in for ${origin}${said(ran)}. Type: ${login}`);
  const token = databricksToken.safeParse(parseJson(ran.stdout));
  if (!token.success || !isToken(token.data.access_token)) {
    throw auth(`The Databricks CLI printed no token. Type: ${login}`);
  }
  return { token: token.data.access_token, expiresAt: momentOf(token.data.expiry) };
}

/**
 * A token for Azure Databricks from the Azure CLI.
 * @throws Failure `auth` with the command to type.
 */
export async function azureCliToken(
  tenant: string | undefined,
  env: Environment,
  signal?: AbortSignal,
): Promise<AccessToken> {
  const login = `az login${tenant === undefined ? '' : ` --tenant ${plainText(tenant, 80)}`}`;
  const program = findProgram('az', env);
  if (!program) {
    throw auth(`The Azure CLI (az) is not in the PATH. Install it from https://aka.ms/azure-cli, then type: ${login}`);
  }
  const args = ['account', 'get-access-token', '--resource', azureDatabricks, '--output', 'json'];
  const all = tenant === undefined ? args : [...args, `--tenant=${tenant}`];
  const ran = await started(program, all, env, 'Azure CLI', signal);
  if (ran.failed === 'exit') throw auth(`The Azure CLI has no sign-in${said(ran)}. Type: ${login}`);
  const token = azureToken.safeParse(parseJson(ran.stdout));
  if (!token.success || !isToken(token.data.accessToken)) {
    throw auth(`The Azure CLI printed no token. Type: ${login}`);
  }
  const seconds = Number(token.data.expires_on ?? Number.NaN);
  const expiresAt = Number.isFinite(seconds) ? seconds * 1000 : momentOf(token.data.expiresOn);
  return { token: token.data.accessToken, expiresAt };
}

async function started(
  program: Program,
  args: readonly string[],
  env: Environment,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Ran> {
  const ran = await run(program, args, env, signal);
  if (signal?.aborted) throw abortFailure(signal);
  if (ran.failed === 'timeout') throw auth(`The ${name} did not answer in time. Try it in a terminal.`);
  if (ran.failed === 'start') throw auth(`The ${name} (${program.file}) could not be started.`);
  if (ran.failed === 'too-large') throw auth(`The ${name} printed more than a token. Try it in a terminal.`);
  return ran;
}

/** What the program complained of, short, without what looks like a secret. */
function said({ stderr }: Ran): string {
  const words = plainText(redact(stderr), 160).replace(/^error:\s*/i, '');
  return words === '' ? '' : ` (${words.replace(/\.$/, '')})`;
}

function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/**
 * Unix time in ms of RFC 3339 with any number of decimals, or of `2006-01-02 15:04:05`, which is local time. Undefined
 * where it is neither, or Go's zero time.
 */
export function momentOf(text: string | null | undefined): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,3})?\d*(Z|[+-]\d\d:\d\d)?$/.exec(text?.trim() ?? '');
  if (!parts || parts[1]?.startsWith('0001') === true) return undefined;
  const moment = Date.parse(`${parts[1]}T${parts[2]}${parts[3] ?? ''}${parts[4] ?? ''}`);
  return Number.isNaN(moment) ? undefined : moment;
}

function auth(message: string): Failure {
  return new Failure({ code: 'auth', message });
}
