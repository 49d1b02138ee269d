import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/engine/config/load.ts';
import { configuredModels } from '../../src/engine/config/models.ts';
import { readAllPrompts } from '../../src/engine/config/read-prompts.ts';
import { grammarFiles } from '../../src/engine/quality/parse-code.ts';
import { simulatedProfiles } from '../../src/engine/simulator/profiles.ts';
import { root } from './sources.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
interface Locked {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('the project', () => {
  it('has one version, in package.json and at the top of the change log', () => {
    expect(/^## (\d+\.\d+\.\d+)/m.exec(read('CHANGELOG.md'))?.[1]).toBe(manifest.version);
  });

  it('has every npm script that the README names', () => {
    const named = [...read('README.md').matchAll(/npm (?:run )?(start|test|[a-z]+:[a-z]+|(?<=run )[a-z]+)\b/g)];
    expect(named.length).toBeGreaterThan(1);
    for (const [, script] of named) expect(manifest.scripts).toHaveProperty([script ?? '']);
  });

  it('starts its README with the two commands', () => {
    const top = read('README.md').slice(0, 3000);
    expect(top).toContain('npm ci && npm start');
    expect(top).toContain('npm ci && npm test');
  });

  // Pictures are taken by the UI tests, and may not be there yet.
  it('links only to pages that are there', () => {
    const documents = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
    const pages = ['README.md', ...documents.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, page, '..', target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('has a lock file that says what is installed, not from which server', () => {
    expect(locked.length).toBeGreaterThan(100);
    expect(locked.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
    // What is only for other machines than this project is tested on may be without: npm asks the registry then.
    const unproven = locked.filter(([, entry]) => entry.integrity === undefined && entry.optional !== true);
    expect(unproven.map(([path]) => path)).toEqual([]);
  });

  it('has a lock file that names what every platform needs: npm ci refuses one that does not', () => {
    const named = new Set(
      locked.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)),
    );
    const forgotten = locked.flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {})
        .filter((name) => !named.has(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(forgotten).toEqual([]);
  });

  it('ships the grammars that checks of code look for, and nothing else of them', () => {
    const build = read('esbuild.js');
    for (const file of grammarFiles) {
      const [, language = ''] = /^tree-sitter-(.+)\.wasm$/.exec(file) ?? [];
      expect(build).toContain(`'${language === '' ? file : language}'`);
    }
    expect(read('.vscodeignore')).toContain('!dist/grammars/*');
  });

  it('installs nothing at run time: what runs is bundled', () => {
    expect(manifest.dependencies).toBeUndefined();
  });
});

describe('the samples', () => {
  it('are fifty prompts or more, in eight languages or more, each with its own id', () => {
    const rows = read('samples/prompts.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.length).toBeGreaterThanOrEqual(50);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(new Set(rows.map(({ prompt }) => prompt)).size).toBe(rows.length);
    expect(new Set(rows.map(({ language }) => language)).size).toBeGreaterThanOrEqual(8);
  });

  it('can all be read: rows, YAML, a prompt file, a configuration', async () => {
    for (const [file, count] of [
      ['prompts.jsonl', 58],
      ['dataset.yaml', 4],
      ['review.prompt.md', 1],
    ] as const) {
      expect(await readAllPrompts(join(root, 'samples', file)), file).toHaveLength(count);
    }
    const [review] = await readAllPrompts(join(root, 'samples', 'review.prompt.md'));
    expect(review?.text).toMatch(/^\s*Review the change/);
    const { endpoints } = await loadConfig(join(root, 'samples', 'tierwise.json'));
    expect(configuredModels(endpoints).map(({ id }) => id)).toEqual(simulatedProfiles.map(({ id }) => id));
  });
});
