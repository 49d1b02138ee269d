// Builds the four bundles: extension host, measuring process, command line, webview.
// `node esbuild.js` builds for production; `--watch` rebuilds on change with source maps; `--analyse` prints what is in them.
const esbuild = require('esbuild');
const { copyFile, mkdir, rm, writeFile } = require('node:fs/promises');
const { dirname, join } = require('node:path');

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

/**
 * What is loaded by `import()` becomes a file of its own, so that activation reads little. esbuild splits ES modules only, and VS
 * Code loads CommonJS: each file is turned into that. Every module stays in one file, so that there is one `Failure`.
 * @type {esbuild.Plugin}
 */
const commonJsParts = {
  name: 'commonjs-parts',
  setup(build) {
    build.onStart(() => rm(join(__dirname, 'dist', 'parts'), { recursive: true, force: true }));
    build.onEnd(async ({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        const { code } = await esbuild.transform(text, {
          format: 'cjs',
          platform: 'node',
          target: 'node22',
          // `import()` becomes `require`, which waits for nothing and finds the same files.
          supported: { 'dynamic-import': false },
          minify: !watch,
          sourcemap: watch && 'inline',
          legalComments: 'none',
        });
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, code);
      }
    });
  },
};

/** @type {esbuild.BuildOptions[]} */
const bundles = [
  {
    ...node,
    format: 'esm',
    splitting: true,
    write: false,
    sourcemap: watch && 'inline',
    target: 'node22',
    entryPoints: ['src/extension/extension.ts'],
    outdir: 'dist',
    chunkNames: 'parts/[name]-[hash]',
    plugins: [commonJsParts],
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

/**
 * The parser and the grammars of the languages in which code is checked (src/engine/quality/parse-code.ts), as they are: they are
 * loaded when an answer holds code in one of them.
 */
async function copyGrammars() {
  const languages = ['javascript', 'typescript', 'tsx', 'python', 'java', 'go'];
  const from = join(__dirname, 'node_modules', '@vscode', 'tree-sitter-wasm');
  const to = join(__dirname, 'dist', 'grammars');
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  const files = ['tree-sitter.js', 'tree-sitter.wasm', ...languages.map((name) => `tree-sitter-${name}.wasm`)];
  await Promise.all(files.map((file) => copyFile(join(from, 'wasm', file), join(to, file))));
  await copyFile(join(from, 'LICENSE'), join(to, 'LICENSE'));
}

async function main() {
  await copyGrammars();
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
