import { plainText } from '../../core/prompts/plain-text.ts';
import type { Profile } from './profiles.ts';

/** Families of credentials, by the names that Databricks gives them; of each workspace only one may be set. */
type Family = 'pat' | 'basic (user and password)' | 'oauth' | 'azure client secret' | 'google' | 'metadata service';

/** What environment or profile say about how to sign in. Holds secrets: never printed. */
export interface Attributes {
  readonly host?: string | undefined;
  readonly authType?: string | undefined;
  readonly profile?: string | undefined;
  readonly token?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly azureTenant?: string | undefined;
  /** The families of which something is set, in Databricks' order. */
  readonly families: readonly Family[];
  /** Where it stands, for a person. */
  readonly where: string;
}

interface Place {
  readonly variable: string;
  readonly key: string;
  readonly family?: Family;
}

/** Every attribute that decides about a sign-in, with its variable and its key in a profile. */
const places = {
  host: { variable: 'DATABRICKS_HOST', key: 'host' },
  authType: { variable: 'DATABRICKS_AUTH_TYPE', key: 'auth_type' },
  token: { variable: 'DATABRICKS_TOKEN', key: 'token', family: 'pat' },
  username: { variable: 'DATABRICKS_USERNAME', key: 'username', family: 'basic (user and password)' },
  password: { variable: 'DATABRICKS_PASSWORD', key: 'password', family: 'basic (user and password)' },
  clientId: { variable: 'DATABRICKS_CLIENT_ID', key: 'client_id', family: 'oauth' },
  clientSecret: { variable: 'DATABRICKS_CLIENT_SECRET', key: 'client_secret', family: 'oauth' },
  metadataService: {
    variable: 'DATABRICKS_METADATA_SERVICE_URL',
    key: 'metadata_service_url',
    family: 'metadata service',
  },
  azureClientId: { variable: 'ARM_CLIENT_ID', key: 'azure_client_id', family: 'azure client secret' },
  azureClientSecret: { variable: 'ARM_CLIENT_SECRET', key: 'azure_client_secret', family: 'azure client secret' },
  azureTenant: { variable: 'ARM_TENANT_ID', key: 'azure_tenant_id' },
  googleCredentials: { variable: 'GOOGLE_CREDENTIALS', key: 'google_credentials', family: 'google' },
  googleAccount: { variable: 'DATABRICKS_GOOGLE_SERVICE_ACCOUNT', key: 'google_service_account', family: 'google' },
} satisfies Record<string, Place>;

type Name = keyof typeof places;

export function environmentAttributes(env: Readonly<Record<string, string | undefined>>): Attributes {
  const set = collect((place) => env[place.variable]?.trim() || undefined);
  const variables = names(set)
    .filter((name) => name !== 'host' && name !== 'authType')
    .map((name) => places[name].variable);
  return attributes(set, {
    profile: env.DATABRICKS_CONFIG_PROFILE?.trim() || undefined,
    where: variables.length === 0 ? 'the environment' : variables.join(' and '),
  });
}

export function profileAttributes(profile: Profile): Attributes {
  return attributes(
    collect((place) => profile.get(place.key)),
    { profile: profile.name, where: `the profile "${plainText(profile.name, 60)}" of ~/.databrickscfg` },
  );
}

/** The environment's attributes, and the profile's where the environment is silent. */
export function withDefaults(environment: Attributes, profile: Attributes): Attributes {
  const own = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
  const families = [...new Set([...environment.families, ...profile.families])];
  const where = environment.families.length === 0 ? profile.where : `${environment.where} and ${profile.where}`;
  return { ...profile, ...own, profile: profile.profile, families, where };
}

type Values = { readonly [name in Name]?: string };

function collect(read: (place: Place) => string | undefined): Values {
  const set: { [name in Name]?: string } = {};
  for (const name of Object.keys(places) as Name[]) {
    const value = read(places[name]);
    if (value !== undefined) set[name] = value;
  }
  return set;
}

function names(set: Values): Name[] {
  return Object.keys(set) as Name[];
}

function attributes(set: Values, more: Pick<Attributes, 'profile' | 'where'>): Attributes {
  const { host, authType, token, clientId, clientSecret, azureTenant } = set;
  const families = names(set).flatMap((name) => (places[name] as Place).family ?? []);
  return { host, authType, token, clientId, clientSecret, azureTenant, families: [...new Set(families)], ...more };
}
