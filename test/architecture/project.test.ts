import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './sources.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));

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

  it('links only to files that are there', () => {
    const pages = ['README.md', 'docs/architecture.md', 'docs/measuring.md', 'docs/routing.md', 'docs/security.md'];
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, page, '..', target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('has a lock file that says what is installed, not from which server', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { resolved?: string; integrity?: string }>;
    };
    const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(entries.length).toBeGreaterThan(100);
    expect(entries.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
    expect(entries.filter(([, entry]) => entry.integrity === undefined).map(([path]) => path)).toEqual([]);
  });

  it('installs nothing at run time: what runs is bundled', () => {
    expect(manifest.dependencies).toBeUndefined();
  });
});
