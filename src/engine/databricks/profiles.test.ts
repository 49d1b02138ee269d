import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseProfiles, profilesFile, readProfile, readProfiles } from './profiles.ts';

const text = `
; a comment
host = https://before.example
[DEFAULT]
host = https://default.example/
token = dapi-canary-1

[my.profile with spaces]
HOST=https://dotted.example   # where it is
token : ignored, has no equals sign
client_id = "quoted id"
client_secret = 'canary#2;=x'
empty =

  [indented]
  auth_type = databricks-cli
[__settings__]
default_profile = indented
[nothing]
[DEFAULT]
serverless_compute_id = auto
`;

describe('profiles', () => {
  const profiles = parseProfiles(text);
  const named = (name: string) => profiles.find((profile) => profile.name === name)!;

  it('are sections, with dots and spaces in their names, in the order of the file', () => {
    expect(profiles.map(({ name }) => name)).toEqual(['DEFAULT', 'my.profile with spaces', 'indented']);
  });

  it('have values without comments, quotes and spaces; keys in any case', () => {
    expect(named('my.profile with spaces').get('host')).toBe('https://dotted.example');
    expect(named('my.profile with spaces').get('client_id')).toBe('quoted id');
    expect(named('my.profile with spaces').get('client_secret')).toBe('canary#2;=x');
    expect(named('my.profile with spaces').get('empty')).toBeUndefined();
    expect(named('DEFAULT').get('host')).toBe('https://default.example/');
    expect(named('DEFAULT').get('serverless_compute_id')).toBe('auto');
    expect(named('indented').get('auth_type')).toBe('databricks-cli');
  });

  it('do not lend their values to one another', () => {
    expect(named('indented').get('token')).toBeUndefined();
  });

  it('show no value when they are printed or serialised', () => {
    const shown = inspect(profiles, { depth: 9, showHidden: true }) + JSON.stringify(profiles) + String(profiles);
    expect(shown).toContain('my.profile with spaces');
    expect(shown).not.toMatch(/canary|default\.example/);
  });

  it('survive lines that make no sense, and Windows line ends', () => {
    expect(parseProfiles('[a\r\n]\r\n=x\r\n[b]\r\nhost = h\r\n')[0]?.get('host')).toBe('h');
    expect(parseProfiles('')).toEqual([]);
    expect(parseProfiles(`[__proto__]\nhost=x\n[constructor]\n__proto__=1\n`).map(({ name }) => name)).toEqual([
      'constructor',
    ]);
  });

  it('are read from DATABRICKS_CONFIG_FILE, or from the home folder; without a file there are none', async () => {
    const home = mkdtempSync(join(tmpdir(), 'tierwise-home-'));
    expect(await readProfiles({}, home)).toEqual([]);
    writeFileSync(join(home, '.databrickscfg'), '[home]\nhost=x\n');
    writeFileSync(join(home, 'other'), '[other]\nhost=x\n');
    expect((await readProfiles({}, home)).map(({ name }) => name)).toEqual(['home']);
    expect((await readProfiles({ DATABRICKS_CONFIG_FILE: '~/other' }, home)).map(({ name }) => name)).toEqual([
      'other',
    ]);
    expect(profilesFile({ DATABRICKS_CONFIG_FILE: '/x/y' }, home)).toBe('/x/y');
    await expect(readProfile('none', {}, home)).rejects.toThrow(
      /no profile "none"; it has: home\. Make it with: databricks auth login --profile none/,
    );
    await expect(readProfiles({ DATABRICKS_CONFIG_FILE: home }, home)).rejects.toMatchObject({ code: 'config' });
  });
});
