// What the extension costs its host: activation and hovers, measured inside a real VS Code, and the sizes of what is shipped.
//   npm run build && node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/host.ts
// Exits 1 when a limit is missed.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
let missed = false;

function line(name: string, value: number, limit: number, unit: string, reference?: number): void {
  missed ||= value >= limit;
  const ratio = reference ? `  ${(value / reference).toFixed(1)} × one pass over the text` : '';
  const judged = Number.isFinite(limit) ? `  limit ${limit} ${unit}` : '';
  console.log(`${name.padEnd(44)}${value.toFixed(1).padStart(9)} ${unit}${judged}${ratio}`);
}

const suite = spawnSync(process.execPath, [...process.execArgv, join(root, 'test', 'host', 'run.ts')], {
  encoding: 'utf8',
  env: { ...process.env, TIERWISE_GREP: 'finds the extension|answers hovers' },
});
const printed = new Map<string, number[]>();
for (const [, name = '', ms] of suite.stdout.matchAll(/^ +(activation|.*hover over .*|one pass .*): ([\d.]+) ms$/gm)) {
  printed.set(name, [...(printed.get(name) ?? []), Number(ms)]);
}
if (suite.status !== 0 || printed.size < 6) {
  console.error(suite.stdout, suite.stderr);
  process.exit(1);
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const pass = median(printed.get('one pass over 5 MB') ?? []);
for (const [name, times] of printed) {
  if (name === 'one pass over 5 MB') continue;
  // The first hover falls into the time in which editor and host still open the file: shown, not judged.
  const limit = name.startsWith('first') ? Number.POSITIVE_INFINITY : 50;
  line(name, median(times), limit, 'ms', name.includes('5 MB') ? pass : undefined);
}

const pack = spawnSync('npm', ['run', 'package'], { cwd: root, encoding: 'utf8' });
if (pack.status !== 0) {
  console.error(pack.stdout, pack.stderr);
  process.exit(1);
}
const kilobytes = (path: string) => statSync(join(root, path)).size / 1000;
const parts = readdirSync(join(root, 'dist', 'parts')).reduce(
  (sum, name) => sum + kilobytes(join('dist', 'parts', name)),
  0,
);
line('dist/extension.js', kilobytes('dist/extension.js'), 300, 'kB');
// Most of it is read by the first command that needs it.
line('dist/extension.js with all its parts', kilobytes('dist/extension.js') + parts, 800, 'kB');
line('dist/webview.js', kilobytes('dist/webview.js'), 450, 'kB');
// Of it the grammars that check code: about 0.8 MB.
line('tierwise.vsix', kilobytes('tierwise.vsix'), 2500, 'kB');
process.exitCode = missed ? 1 : 0;
