import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, root, sourceFiles } from './sources.ts';

type Planted = readonly [path: string, specifier: string];

const climbing: readonly Planted[] = [
  ['src/core/prompts', 'node:fs'],
  ['src/core/prompts', 'fs'],
  ['src/core/prompts', 'vscode'],
  ['src/core/prompts', 'undici'],
  ['src/core/prompts', 'zod'],
  ['src/core/prompts', '../../engine/http/redact.ts'],
  ['src/core/prompts', '../../protocol/measure.ts'],
  ['src/protocol', '../engine/http/redact.ts'],
  ['src/protocol', 'undici'],
  ['src/engine/http', 'vscode'],
  ['src/engine/http', '../../cli/options.ts'],
  ['src/engine/http', '../../extension/settings.ts'],
  ['src/cli', 'vscode'],
  ['src/cli', '../extension/settings.ts'],
  ['src/extension', '../cli/options.ts'],
  ['webview-ui', '../src/engine/http/redact.ts'],
  ['webview-ui', 'vscode'],
  ['webview-ui', 'node:path'],
];

const staying: readonly Planted[] = [
  ['src/core/prompts', '../failure.ts'],
  ['src/core/prompts', 'zod/mini'],
  ['src/protocol', '../core/failure.ts'],
  ['src/engine/http', 'node:fs'],
  ['src/cli', '../engine/http/redact.ts'],
  ['src/extension', 'vscode'],
  ['webview-ui', '../src/core/failure.ts'],
];

/** Builds a house with one file for each import, under this project's lint rules, and returns the files that are refused. */
function refused(planted: readonly Planted[]): Set<string> {
  const house = mkdtempSync(join(tmpdir(), 'tierwise-walls-'));
  try {
    copyFileSync(join(root, 'biome.json'), join(house, 'biome.json'));
    copyFileSync(join(root, '.gitignore'), join(house, '.gitignore'));
    for (const [index, [folder, specifier]] of planted.entries()) {
      const file = join(house, folder, `planted-${index}.ts`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `import * as planted from '${specifier}';\n\nexport { planted };\n`);
    }
    const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
    const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=github', '--max-diagnostics=none'], {
      cwd: house,
      encoding: 'utf8',
    });
    const findings = stdout.matchAll(/(?:noRestrictedImports|noNodejsModules),file=\S*(planted-\d+)\.ts/g);
    return new Set([...findings].map(([, name]) => name ?? ''));
  } finally {
    rmSync(house, { recursive: true });
  }
}

describe('the linter', () => {
  const names = refused([...climbing, ...staying]);
  it.each(climbing.map(([folder, specifier], index) => [folder, specifier, index] as const))(
    'refuses that %s imports %s',
    (_folder, _specifier, index) => expect(names).toContain(`planted-${index}`),
  );
  it.each(staying.map(([folder, specifier], index) => [folder, specifier, index] as const))(
    'lets %s import %s',
    (_folder, _specifier, index) => expect(names).not.toContain(`planted-${climbing.length + index}`),
  );
});

describe('the house as it stands', () => {
  const files = sourceFiles('src', 'webview-ui').filter(({ path }) => !path.endsWith('.test.ts'));

  it('has vscode under src/extension only', () => {
    const outside = files.filter(
      ({ path, text }) => !path.startsWith('src/extension/') && importsOf(text).includes('vscode'),
    );
    expect(outside.map(({ path }) => path)).toEqual([]);
  });

  it('keeps clock, chance and the process out of core', () => {
    const impure = /\b(?:Date\.now|new Date\(\)|Math\.random|performance\b|process\.|globalThis|setTimeout|fetch\()/;
    const found = files.filter(({ path, text }) => path.startsWith('src/core/') && impure.test(withoutComments(text)));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it('touches argv, stdout and exit codes in the terminal and main of the CLI only', () => {
    const own = new Set(['src/cli/main.ts', 'src/cli/terminal.ts']);
    const touching = /process\.(?:argv|stdout|stderr|exit\b|exitCode)|console\./;
    const found = files.filter(
      ({ path, text }) => path.startsWith('src/cli/') && !own.has(path) && touching.test(text),
    );
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it('has no folder called utils, helpers or common', () => {
    expect(files.filter(({ path }) => /(?:^|\/)(?:utils?|helpers?|common)(?:\/|\.ts$)/.test(path))).toEqual([]);
  });

  it('has no file of more than 400 lines', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 401);
    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length}`)).toEqual([]);
  });

  it('imports own files with their ending, and no file that is not there', () => {
    const paths = new Set(sourceFiles('src', 'webview-ui').map(({ path }) => path));
    const broken = files.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.') && /(?:^|\/)[^.]*$|\.ts$/.test(specifier))
        .filter((specifier) => !paths.has(join(path, '..', specifier)))
        .map((specifier) => `${path}: ${specifier}`),
    );
    expect(broken).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
