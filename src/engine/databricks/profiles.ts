import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { plainText } from '../../core/prompts/plain-text.ts';
import { readText } from '../config/read-text.ts';

/** A profile of `~/.databrickscfg`. Its values hold secrets, so what prints or serialises it sees the name only. */
export class Profile {
  readonly name: string;
  readonly #values: ReadonlyMap<string, string>;

  constructor(name: string, values: ReadonlyMap<string, string>) {
    this.name = name;
    this.#values = values;
  }

  /** A value by its key in lower case; undefined where it is missing or empty. */
  get(key: string): string | undefined {
    return this.#values.get(key) || undefined;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration file of a few profiles is small; anything larger is something else. */
const FILE_LIMIT = 1024 * 1024;

/** Where the profiles are: DATABRICKS_CONFIG_FILE, or `.databrickscfg` in the home folder. */
export function profilesFile(env: Environment, home: string = homedir()): string {
  const named = env.DATABRICKS_CONFIG_FILE?.trim();
  if (!named) return join(home, '.databrickscfg');
  return /^~(?=[/\\]|$)/.test(named) ? join(home, named.slice(1)) : named;
}

/**
 * All profiles, in the file's order; none where there is no file.
 * @throws Failure `config` when the file cannot be read. No message repeats what stands in it.
 */
export async function readProfiles(env: Environment, home?: string): Promise<Profile[]> {
  const file = profilesFile(env, home);
  try {
    return parseProfiles(await readText(file, FILE_LIMIT));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (/there is no such file/.test(error.message)) return [];
    throw new Failure({ code: 'config', message: error.message }, { cause: error });
  }
}

/** @throws Failure `config` that lists the profiles there are. */
export async function readProfile(name: string, env: Environment, home?: string): Promise<Profile> {
  const profiles = await readProfiles(env, home);
  const found = profiles.find((profile) => profile.name === name);
  if (found) return found;
  const file = profilesFile(env, home);
  const known = profiles.map((profile) => plainText(profile.name, 60)).join(', ');
  throw new Failure({
    code: 'config',
    message: `${file} has no profile "${plainText(name, 60)}"${known === '' ? '' : `; it has: ${known}`}. Make it with: databricks auth login --profile ${shellProfile(name)}`,
  });
}

/**
 * The INI that Databricks' tools share: `[name]` opens a profile (dots and spaces belong to the name), `key = value` below
 * it, comments from `#` or `;` at the start of a line or after a space. Values before the first name belong to DEFAULT;
 * a name that comes twice goes on where it was left. Lines that say nothing are passed over.
 */
export function parseProfiles(text: string): Profile[] {
  const sections = new Map<string, Map<string, string>>();
  let section = 'DEFAULT';
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const name = /^\[([^\]]*)\]/.exec(line)?.[1];
    if (name !== undefined) {
      section = name.trim();
      if (!sections.has(section)) sections.set(section, new Map());
      continue;
    }
    const equals = line.indexOf('=');
    if (equals <= 0) continue;
    const values = sections.get(section) ?? new Map<string, string>();
    values.set(line.slice(0, equals).trim().toLowerCase(), readValue(line.slice(equals + 1)));
    sections.set(section, values);
  }
  return (
    [...sections]
      // The CLI keeps settings of its own in a section that is no profile.
      .filter(([name, values]) => name !== '' && !name.startsWith('__') && values.size > 0)
      .map(([name, values]) => new Profile(name, values))
  );
}

function readValue(text: string): string {
  const value = text.replace(/\s[#;].*$/, '').trim();
  return /^(["'`])(.*)\1$/.exec(value)?.[2] ?? value;
}

/** A profile's name as it is typed into a shell. */
export function shellProfile(name: string): string {
  const plain = plainText(name, 80);
  return /^[\w.@+-]+$/.test(plain) ? plain : `"${plain.replace(/["\\$`]/g, '')}"`;
}
