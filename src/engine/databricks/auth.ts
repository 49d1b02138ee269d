import { Failure } from '../../core/failure.ts';
import { plainText } from '../../core/prompts/plain-text.ts';
import type { DatabricksAuth } from '../config/schema.ts';
import type { Transport } from '../http/transport.ts';
import { type Attributes, environmentAttributes, profileAttributes, withDefaults } from './attributes.ts';
import { azureCliToken, databricksCliToken } from './command-line.ts';
import { isAzureWorkspace, parseWorkspaceHost } from './host.ts';
import { readProfile, readProfiles } from './profiles.ts';
import { servicePrincipalToken } from './service-principal.ts';
import { type AccessToken, createTokenSource, type SignInKind, signInKinds, type TokenSource } from './token.ts';

/** What a person said about how to sign in. Everything absent: environment, then the profile DEFAULT. */
export interface SignIn {
  /** Address of the workspace; absent: the one that environment or profile name. */
  readonly host?: string | undefined;
  readonly auth?: DatabricksAuth | undefined;
  /** A personal access token that the person gave for this very workspace. */
  readonly token?: string | undefined;
}

/** Where sign-ins look and ask. */
export interface SignInContext {
  readonly transport: Transport;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home folder; default: the person's. */
  readonly home?: string | undefined;
  /** Unix time in ms; default: the clock. */
  readonly now?: (() => number) | undefined;
  /** Ends every sign-in, now and later: programs that were started are killed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds out how to sign in to a workspace, in Databricks' documented order: what was said explicitly, then the environment,
 * then a profile of ~/.databrickscfg; of what is found: personal access token, service principal, Databricks CLI, Azure CLI. A profile
 * is read when it is named, or when neither address nor credentials were found before. A profile named by the endpoint
 * speaks alone: a token from the environment may be another workspace's. Credentials that are not known to belong
 * to the workspace's origin are refused.
 * @throws Failure `config` for what contradicts itself or does not work here, `auth` when there is no sign-in.
 */
export async function resolveSignIn(request: SignIn, context: SignInContext): Promise<TokenSource> {
  const asked = request.host === undefined ? undefined : parseWorkspaceHost(request.host).origin;
  if (request.token !== undefined && (request.auth?.type ?? 'pat') === 'pat') {
    return typedToken(request.token, asked, context);
  }
  const found = await attributesFor(request, asked, context);
  const origin = originOf(found, asked);
  const kind = kindOf({ ...found, authType: request.auth?.type ?? found.authType });
  return kind === undefined ? firstThatWorks(found, origin, context) : sourceOf(kind, found, origin, context);
}

function typedToken(token: string, origin: string | undefined, context: SignInContext): TokenSource {
  if (origin === undefined) throw config('Say to which workspace the token belongs: give its address.');
  return fixedToken(token, origin, 'personal access token that you gave', undefined, context);
}

function fixedToken(
  token: string,
  origin: string,
  described: string,
  profile: string | undefined,
  context: SignInContext,
): TokenSource {
  const text = token.trim();
  if (!/^[\x21-\x7e]+$/.test(text)) throw config(`The ${described} is empty or holds characters that no token has.`);
  return createTokenSource({
    origin,
    kind: 'pat',
    described,
    profile,
    fetch: async () => ({ token: text }),
    now: clock(context),
  });
}

/** What environment and profile say, as far as they have a say about this workspace. */
async function attributesFor(
  { auth }: SignIn,
  asked: string | undefined,
  { env, home }: SignInContext,
): Promise<Attributes> {
  if (auth?.profile !== undefined) return profileAttributes(await readProfile(auth.profile, env, home));
  const all = environmentAttributes(env);
  // A CLI that is asked for by name needs none of the credentials that happen to lie about.
  const environment = auth?.type?.endsWith('-cli') === true ? { ...all, families: [] } : all;
  if (environment.profile !== undefined) {
    return withDefaults(environment, profileAttributes(await readProfile(environment.profile, env, home)));
  }
  if (environment.families.length > 0) return environment;
  // An environment that only names another workspace has no say about this one.
  if (asked !== undefined && environment.host !== undefined && hostFrom(environment, environment.host) !== asked) {
    return { families: [], where: environment.where };
  }
  if (environment.host !== undefined) return environment;
  if (asked === undefined) {
    const standard = (await readProfiles(env, home)).find(({ name }) => name === 'DEFAULT');
    if (standard) return withDefaults(environment, profileAttributes(standard));
  }
  return environment;
}

/** The workspace's origin. Credentials that belong to another one, or to one nobody knows, are refused. */
function originOf(found: Attributes, asked: string | undefined): string {
  const { host, families, profile, where } = found;
  const named = host === undefined ? undefined : hostFrom(found, host);
  if (asked === undefined) {
    if (named !== undefined) return named;
    throw config(
      profile === undefined
        ? 'No workspace is named. Give its address, set DATABRICKS_HOST, or name a profile of ~/.databrickscfg.'
        : `The profile "${plainText(profile, 60)}" has no host. Add the address of the workspace to it.`,
    );
  }
  if (named === asked) return asked;
  if (profile === undefined && families.length === 0) return asked;
  if (named !== undefined) {
    throw config(
      `The credentials in ${where} belong to ${named} and are not sent to ${asked}. Name a profile for that workspace ("auth": {"profile": "…"}).`,
    );
  }
  throw config(
    profile === undefined
      ? `The environment holds credentials (${where}) but does not say for which workspace. Set DATABRICKS_HOST=${asked} if they are for this one.`
      : `${capital(where)} has no host, so it may not sign in to ${asked}. Add "host = ${asked}" to it if it is for that workspace.`,
  );
}

function hostFrom({ where }: Attributes, host: string): string {
  try {
    return parseWorkspaceHost(host).origin;
  } catch (error) {
    if (error instanceof Failure) throw config(`The host in ${where}: ${error.message}`);
    throw error;
  }
}

const working = `These work: a personal access token (pat), a service principal with a secret (oauth-m2m), the Databricks CLI (databricks-cli), the Azure CLI (azure-cli).`;

/** The kind of sign-in that the credentials are for; undefined: there are none, so a CLI may have one. */
function kindOf({ authType, families, where }: Attributes): SignInKind | undefined {
  if (authType !== undefined) {
    const kind = signInKinds.find((known) => known === authType.toLowerCase());
    if (kind) return kind;
    const hint = authType === 'external-browser' ? ' Sign in with "databricks auth login" instead.' : '';
    throw config(`The sign-in "${plainText(authType, 60)}" (auth_type) does not work here.${hint} ${working}`);
  }
  const [family, ...more] = families;
  if (more.length > 0) {
    throw config(
      `There is more than one way to sign in (${families.join(', ')} in ${where}). Say which with DATABRICKS_AUTH_TYPE or auth_type, or remove the others.`,
    );
  }
  if (family === 'pat') return 'pat';
  if (family === 'oauth') return 'oauth-m2m';
  if (family !== undefined) throw config(`Signing in by ${family} (from ${where}) does not work here. ${working}`);
  return undefined;
}

function sourceOf(kind: SignInKind, found: Attributes, origin: string, context: SignInContext): TokenSource {
  const { where, profile } = found;
  const now = clock(context);
  const source = (described: string, fetch: () => Promise<AccessToken>) =>
    createTokenSource({ origin, kind, described, profile, fetch, now });
  switch (kind) {
    case 'pat': {
      if (found.token === undefined) throw config(`The sign-in pat needs a token, and there is none in ${where}.`);
      return fixedToken(found.token, origin, `personal access token from ${where}`, profile, context);
    }
    case 'oauth-m2m': {
      const { clientId, clientSecret } = found;
      if (clientId === undefined || clientSecret === undefined) {
        throw config(
          `A service principal needs a client id and a secret; in ${where} the ${clientId === undefined ? 'client id' : 'secret'} is missing.`,
        );
      }
      if (!/^[\x21-\x7e]+$/.test(clientSecret))
        throw config(`The client secret in ${where} holds characters that no secret has.`);
      return source(`service principal from ${where}`, () =>
        servicePrincipalToken(context.transport, origin, { clientId, clientSecret }, now, context.signal),
      );
    }
    case 'databricks-cli':
      return source(
        `sign-in of the Databricks CLI${profile === undefined ? '' : `, profile "${plainText(profile, 60)}"`}`,
        () => databricksCliToken(origin, profile, context.env, context.signal),
      );
    case 'azure-cli':
      // Its token opens every Azure workspace of the person, so it goes to no other host.
      if (!isAzureWorkspace(origin) && !parseWorkspaceHost(origin).loopback) {
        throw config(`The Azure CLI signs in to workspaces of Azure (*.azuredatabricks.net), and ${origin} is none.`);
      }
      return source('sign-in of the Azure CLI', () => azureCliToken(found.azureTenant, context.env, context.signal));
  }
}

/** Without credentials: the CLIs, one after the other, as far as they are installed and signed in. */
async function firstThatWorks(found: Attributes, origin: string, context: SignInContext): Promise<TokenSource> {
  const databricks = sourceOf('databricks-cli', found, origin, context);
  const refused = await attempt(databricks, context.signal);
  if (refused === undefined) return databricks;
  if (isAzureWorkspace(origin)) {
    const azure = sourceOf('azure-cli', found, origin, context);
    const alsoRefused = await attempt(azure, context.signal);
    if (alsoRefused === undefined) return azure;
    throw new Failure({ code: 'auth', message: `${refused.message} Or: ${alsoRefused.message}` });
  }
  const fitting = await profilesFor(origin, context);
  if (found.profile === undefined && fitting.length > 0) {
    throw new Failure({
      code: 'auth',
      message: `${refused.message} Or use a profile of ~/.databrickscfg that is for this workspace, by its name: ${fitting.map((name) => plainText(name, 60)).join(', ')}.`,
    });
  }
  throw refused;
}

async function attempt(source: TokenSource, signal: AbortSignal | undefined): Promise<Failure | undefined> {
  try {
    await source.token(signal);
    return undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'auth') return error;
    throw error;
  }
}

/** The names of the profiles whose host is this workspace. */
async function profilesFor(origin: string, { env, home }: SignInContext): Promise<string[]> {
  return (await readProfiles(env, home)).flatMap((profile) => {
    try {
      return parseWorkspaceHost(profile.get('host') ?? '').origin === origin ? [profile.name] : [];
    } catch {
      return [];
    }
  });
}

function clock({ now }: SignInContext): () => number {
  return now ?? Date.now;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function config(message: string): Failure {
  return new Failure({ code: 'config', message });
}
