// Writes what is derived: from the schemas the settings in package.json and the JSON Schema of the config file, from the
// table of Databricks' prices the code that looks them up.
// `npm run generate` writes; `npm run generate -- --check` only compares, and exits 1 when something has drifted.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod/mini';
import { configSchema } from '../src/engine/config/schema.ts';
import { type SettingDefinition, type SettingName, settingDefinitions } from '../src/extension/setting-definitions.ts';
import { settingTexts } from '../src/extension/setting-texts.ts';

type Json = Record<string, unknown>;

const root = resolve(import.meta.dirname, '..');

/** Groups of the settings editor, each with the names that start so. */
const groups: ReadonlyArray<readonly [title: string, belongs: (name: string) => boolean]> = [
  ['Tierwise', (name) => !name.startsWith('benchmark.')],
  ['Benchmark', (name) => name.startsWith('benchmark.')],
];

/** JSON Schema (draft 7, which VS Code understands) of a zod schema, without the parts that only make it longer. */
function jsonSchema(schema: z.ZodMiniType): Json {
  const { $schema, '~standard': _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as Json;
  return rest;
}

function configuration(): Json[] {
  const definitions = Object.entries(settingDefinitions) as Array<[SettingName, SettingDefinition]>;
  return groups.map(([title, belongs], order) => ({
    title,
    order,
    properties: Object.fromEntries(
      definitions
        .map(([name, setting], index) => [name, setting, index] as const)
        .filter(([name]) => belongs(name))
        .map(([name, setting, index]) => [
          `tierwise.${name}`,
          {
            order: index,
            scope: setting.scope,
            ...jsonSchema(setting.schema),
            default: setting.default,
            markdownDescription: settingTexts[name].description,
            ...(settingTexts[name].enumDescriptions && { enumDescriptions: settingTexts[name].enumDescriptions }),
          },
        ]),
    ),
  }));
}

/** Every generated file: its path from the project's folder, and the text that it should hold. */
export function generated(): ReadonlyArray<{ path: string; text: string }> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Json & { contributes: Json };
  manifest.contributes.configuration = configuration();
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tierwise configuration',
    ...jsonSchema(configSchema),
  };
  return [
    { path: 'package.json', text: formatted('package.json', manifest) },
    { path: 'media/tierwise.schema.json', text: `${JSON.stringify(schema, undefined, 2)}\n` },
    databricksPrices(),
  ];
}

/** The table of prices as code: core reads no files. */
function databricksPrices(): { path: string; text: string } {
  const rows = readFileSync(join(root, 'src/core/catalog/databricks-prices.tsv'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));
  const entries = rows.map(([name = '', input, output]) => {
    const dbu = [input, output].map(Number);
    if (!/^databricks-[a-z0-9-]+$/.test(name) || dbu.some((price) => !(price > 0))) throw new Error(`bad row: ${name}`);
    return `  '${name}': { inputDbu: ${dbu[0]}, outputDbu: ${dbu[1]} },`;
  });
  const text = [
    '// Generated from databricks-prices.tsv by `npm run generate`. Do not edit.',
    "import type { DbuPrice } from './databricks.ts';",
    '',
    '/** DBU per million tokens, by the name of the serving endpoint. */',
    'export const databricksPrices: Readonly<Record<string, DbuPrice>> = {',
    ...entries,
    '};',
    '',
  ];
  return { path: 'src/core/catalog/databricks-prices.ts', text: text.join('\n') };
}

/** As the project's formatter would write it, so that generating and formatting never undo each other. */
function formatted(path: string, value: unknown): string {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const input = `${JSON.stringify(value, undefined, 2)}\n`;
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${path}`], {
    cwd: root,
    input,
    encoding: 'utf8',
  });
}

if (import.meta.main) {
  const drifted = generated().filter(({ path, text }) => current(path) !== text);
  if (!process.argv.includes('--check')) {
    for (const { path, text } of drifted) writeFileSync(join(root, path), text);
  } else if (drifted.length > 0) {
    console.error(`Out of date: ${drifted.map((file) => file.path).join(', ')}. Run: npm run generate`);
    process.exitCode = 1;
  }
}

/** What stands in the file now; undefined when there is none. */
export function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}
