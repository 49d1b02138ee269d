// Builds the four bundles: extension host, measuring process, command line, webview.
// `node esbuild.js` builds for production; `--watch` rebuilds on change with source maps; `--analyse` prints what is in them.
const esbuild = require('esbuild');
const { join } = require('node:path');

const watch = process.argv.includes('--watch');
const analyse = process.argv.includes('--analyse');

/** @type {esbuild.BuildOptions} */
const common = {
  bundle: true,
  minify: !watch,
  sourcemap: watch,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: analyse,
};
/** @type {esbuild.BuildOptions} */
const node = {
  ...common,
  platform: 'node',
  format: 'cjs',
  mainFields: ['module', 'main'],
  // The same code as ES modules: what is not used is left out.
  alias: { yaml: join(__dirname, 'node_modules/yaml/browser/dist/index.js') },
};

/** @type {esbuild.BuildOptions[]} */
const bundles = [
  {
    ...node,
    target: 'node22',
    entryPoints: ['src/extension/extension.ts'],
    outfile: 'dist/extension.js',
    external: ['vscode'],
  },
  { ...node, target: 'node20', entryPoints: ['src/engine/benchmark/measure-process.ts'], outfile: 'dist/measure.js' },
  {
    ...node,
    target: 'node20',
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli.js',
    banner: { js: '#!/usr/bin/env node' },
  },
  {
    ...common,
    platform: 'browser',
    format: 'iife',
    target: 'es2023',
    entryPoints: ['webview-ui/main.ts'],
    outfile: 'dist/webview.js',
    loader: { '.css': 'text' },
  },
];

async function main() {
  for (const options of bundles) {
    if (watch) {
      const context = await esbuild.context(options);
      await context.watch();
    } else {
      const result = await esbuild.build(options);
      if (analyse) console.log(await esbuild.analyzeMetafile(result.metafile));
    }
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
