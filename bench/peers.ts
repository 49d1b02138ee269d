// Load tools and evaluators from npm beside ours and a bare undici loop, with the same load on the same simulated endpoint:
//   npm run build && node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/peers.ts [requests]
// They are installed into the system's folder for temporary files once (versions in bench/peers/package.json); what cannot be
// installed or run is skipped with the reason. Server and client are pinned to a core each.
// Rate: by the server's clock, from the first request's arrival to the last answer's end. CPU and memory: of whole processes,
// start included, which weighs more on tools that are sent fewer requests. Error: the tool's own p50 and p99 of E2E (or of what
// it takes for it) less the server's, because no peer says which request was which; p50 of TTFT where it tells one.
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../src/core/benchmark/plan.ts';
import { quantile } from '../src/core/stats/quantiles.ts';
import { startMeasuring } from '../src/engine/benchmark/measuring.ts';
import { readRun } from '../src/engine/benchmark/run-folder.ts';
import { builtInto, nodeOn } from './measure/processes.ts';

const most = Number(process.argv[2] ?? 2_000);
const concurrency = 64;
const maxTokens = 256;
const prompts = Array.from({ length: 100 }, (_, index) => `What is ${index} plus ${index * 7}?`);
const patienceMs = 180_000;

/** What a tool says about its requests, ms; absent: it says nothing. */
interface Said {
  readonly ttft?: readonly [p50: number, p99: number] | undefined;
  readonly e2e?: readonly [p50: number, p99: number] | undefined;
}
interface Tool {
  readonly name: string;
  /** Of the most: slow tools get fewer requests. */
  readonly share: number;
  run(model: string, requests: number): Promise<Said>;
}

const entry = join(import.meta.dirname, '..', 'dist', 'measure.js');
if (!existsSync(entry)) throw new Error('dist/measure.js is missing: run npm run build.');
const folder = mkdtempSync(join(tmpdir(), 'tierwise-bench-'));
const usageFolder = join(folder, 'usage');
const client = nodeOn(1, folder);
const bareLoop = builtInto(folder, 'bare-loop');
const server = fork(builtInto(folder, 'server'), [], { execPath: nodeOn(0, folder), execArgv: [] });
const [baseUrl] = (await once(server, 'message')) as [string];
Object.assign(process.env, {
  NODE_OPTIONS: `--require=${JSON.stringify(join(import.meta.dirname, 'measure', 'at-exit.cjs'))}`,
  TIERWISE_BENCH_USAGE: join(usageFolder, '%p.json'),
  ARTILLERY_DISABLE_TELEMETRY: 'true',
  PROMPTFOO_DISABLE_TELEMETRY: '1',
  PROMPTFOO_DISABLE_UPDATE: '1',
  PROMPTFOO_DISABLE_REMOTE_GENERATION: '1',
  PROMPTFOO_DISABLE_SHARING: '1',
  PROMPTFOO_CONFIG_DIR: join(folder, 'promptfoo'),
});

const rates = new Map<string, number>();
const cpu = new Map<string, number>();
try {
  const peers = installed();
  console.log(`load average before: ${loadavg()[0]?.toFixed(1)}`);
  for (const tool of [bare(), ours(), ...peers]) {
    try {
      console.log(`${tool.name}: ${await measured(tool)}`);
    } catch (error) {
      console.log(`${tool.name}: skipped: ${error instanceof Error ? error.message : error}`);
    }
  }
  for (const reference of ['bare', 'ours']) {
    const ratios = (figures: Map<string, number>) =>
      [...figures].map(([name, value]) => `${name} ${(value / (figures.get(reference) ?? Number.NaN)).toFixed(2)}`);
    console.log(`requests/s, to ${reference}: ${ratios(rates).join(', ')}`);
    console.log(`CPU s per 1,000, to ${reference}: ${ratios(cpu).join(', ')}`);
  }
} finally {
  server.disconnect();
  rmSync(folder, { recursive: true, force: true });
}

/** Rate, CPU and memory without delays, then errors with paced answers. */
async function measured(tool: Tool): Promise<string> {
  const requests = Math.round(most * tool.share);
  const { truth, usage } = await observed(() => tool.run('instant', requests));
  if (truth.length < requests * 0.95) throw new Error(`${truth.length} of ${requests} requests reached the server.`);
  const from = truth.reduce((least, [, received]) => Math.min(least, received), Number.POSITIVE_INFINITY);
  const to = truth.reduce((last, [, , ended]) => Math.max(last, ended), 0);
  const rate = truth.length / ((to - from) / 1000);
  rates.set(tool.name, rate);
  const cpuSeconds = usage.cpuSeconds / (requests / 1000);
  cpu.set(tool.name, cpuSeconds);
  const paced = Math.max(concurrency, Math.round(320 * tool.share));
  const { said, spans } = await observed(() => tool.run('paced', paced));
  const off = (what: string, told: Said['e2e'], which: 0 | 1) => {
    if (!told) return [];
    const sorted = spans.map((span) => span[which]).sort((a, b) => a - b);
    const [p50, p99] = [told[0] - quantile(sorted, 0.5), told[1] - quantile(sorted, 0.99)].map(signed);
    return [`${what} p50 ${p50} p99 ${p99} ms`];
  };
  const errors = [...off('TTFT', said.ttft, 0), ...off('E2E', said.e2e, 1)];
  return [
    `${rate.toFixed(0)} requests/s`,
    `${cpuSeconds.toFixed(2)} CPU s per 1,000 of ${requests}`,
    `peak ${usage.maxRssMb.toFixed(0)} MB`,
    `error ${errors.join(', ') || 'not to be had'}`,
  ].join('; ');
}

interface Observed {
  readonly said: Said;
  /** By the server's clock, ms. */
  readonly truth: readonly [id: string, received: number, ended: number][];
  /** ms from each request's arrival to its first and its last token. */
  readonly spans: readonly (readonly [number, number])[];
  readonly usage: { readonly cpuSeconds: number; readonly maxRssMb: number };
}

/** What the server saw while something ran, and what its processes used. */
async function observed(run: () => Promise<Said>): Promise<Observed> {
  rmSync(usageFolder, { recursive: true, force: true });
  mkdirSync(usageFolder);
  server.send('log');
  const said = await run();
  const truth = (await ask(server, 'arrivals')) as Observed['truth'];
  const spans = ((await ask(server, 'truth')) as [string, number, number][]).map(
    ([, first, last]) => [first, last] as const,
  );
  const used = readdirSync(usageFolder).map((name) => JSON.parse(readFileSync(join(usageFolder, name), 'utf8')));
  const usage = {
    cpuSeconds: used.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    maxRssMb: used.reduce((sum, { maxRssMb }) => Math.max(sum, maxRssMb), 0),
  };
  return { said, truth, spans, usage };
}

async function ask(server: ChildProcess, question: string): Promise<unknown> {
  const answer = once(server, 'message');
  server.send(question);
  return (await answer)[0];
}

function bare(): Tool {
  return {
    name: 'bare',
    share: 1,
    async run(model, requests) {
      const task = { baseUrl, model, requests, concurrency, maxTokens, stream: true, prompts };
      const child = fork(bareLoop, [JSON.stringify(task)], { execPath: client, execArgv: [] });
      const exit = once(child, 'exit');
      const [{ times }] = (await once(child, 'message')) as [{ times: [string, number, number][] }];
      await exit;
      return { ttft: middleAndTail(times.map(([, ttft]) => ttft)), e2e: middleAndTail(times.map(([, , e2e]) => e2e)) };
    },
  };
}

function ours(): Tool {
  let runs = 0;
  return {
    name: 'ours',
    share: 1,
    async run(model, requests) {
      const plan: Plan = {
        endpoints: [{ id: 'sim', protocol: 'openai', baseUrl }],
        models: [{ endpoint: 'sim', model }],
        concurrency,
        requests,
        warmup: 0,
        maxTokens,
        stream: true,
        timeoutMs: 60_000,
        keepAnswers: true,
        seed: 1,
      };
      const runDir = join(folder, `run-${++runs}`);
      const measuring = startMeasuring({
        entry,
        execPath: client,
        message: {
          type: 'start',
          runDir,
          title: model,
          plan,
          prompts: prompts.map((text, index) => ({ id: `p${index}`, text, tokens: 8, score: 0, tier: 'simple' })),
          keys: [],
          network: { strictSsl: true },
          version: '0',
        },
      });
      await measuring.done;
      await measuring.closed;
      const { records } = await readRun(runDir);
      const spans = (pick: 'firstToken' | 'lastToken') =>
        middleAndTail(records.map(({ times }) => (times[pick] ?? Number.NaN) - times.sent));
      return { ttft: spans('firstToken'), e2e: spans('lastToken') };
    },
  };
}

/** The peers, installed once; none, and the reason printed, when npm cannot. */
function installed(): Tool[] {
  const manifest = join(import.meta.dirname, 'peers', 'package.json');
  const hash = createHash('sha256').update(readFileSync(manifest)).digest('hex').slice(0, 12);
  const home = join(tmpdir(), `tierwise-bench-peers-${hash}`);
  const done = join(home, 'installed');
  if (!existsSync(done)) {
    mkdirSync(home, { recursive: true });
    copyFileSync(manifest, join(home, 'package.json'));
    // No scripts of theirs are run, and no lock is kept: the versions that matter are in the manifest.
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    console.log(`installing peers into ${home}, once; it takes minutes and 3 GB`);
    const { status, stderr, error } = spawnSync('npm', ['install', ...flags], {
      cwd: home,
      encoding: 'utf8',
      timeout: 600_000,
      env: { ...process.env, NODE_OPTIONS: '', TIERWISE_BENCH_USAGE: '' },
      shell: process.platform === 'win32',
    });
    if (status !== 0) {
      console.log(`peers skipped: npm cannot install them: ${(error?.message ?? stderr).trim().split('\n').at(-1)}`);
      return [];
    }
    writeFileSync(done, '');
  }
  const script = (name: string) => {
    const root = join(home, 'node_modules', name);
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    return join(root, bin[name] ?? '');
  };
  return [autocannon(script('autocannon')), artillery(script('artillery')), promptfoo(script('promptfoo'))];
}

/** What the tool wrote to stdout. */
async function tool(path: string, args: readonly string[]): Promise<string> {
  const child = spawn(client, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder, timeout: patienceMs });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`it ended with ${code}: ${(errors || out).trim().split('\n').at(-1)}`);
  return out;
}

function bodyOf(model: string, content: string) {
  return { model, messages: [{ role: 'user', content }], max_tokens: maxTokens, stream: true };
}

function autocannon(path: string): Tool {
  return {
    name: 'autocannon (reads no events)',
    share: 1,
    async run(model, requests) {
      const out = await tool(path, [
        ...['--connections', String(concurrency), '--amount', String(requests), '--method', 'POST', '--json'],
        ...['--headers', 'content-type=application/json', '--body', JSON.stringify(bodyOf(model, prompts[0] ?? ''))],
        `${baseUrl}/chat/completions`,
      ]);
      const { latency } = JSON.parse(out) as { latency: { p50: number; p99: number } };
      return { e2e: [latency.p50, latency.p99] };
    },
  };
}

function artillery(path: string): Tool {
  return {
    name: 'Artillery',
    share: 0.5,
    async run(model, requests) {
      const config = join(folder, 'artillery.json');
      const report = join(folder, 'artillery-report.json');
      const post = { url: '/v1/chat/completions', json: bodyOf(model, prompts[0] ?? '') };
      const rounds = Math.ceil(requests / concurrency);
      writeFileSync(
        config,
        JSON.stringify({
          config: {
            target: new URL(baseUrl).origin,
            phases: [{ duration: 1, arrivalCount: concurrency }],
            http: { timeout: 60 },
          },
          scenarios: [{ flow: [{ loop: [{ post }], count: rounds }] }],
        }),
      );
      await tool(path, ['run', '--quiet', '--output', report, config]);
      const { aggregate } = JSON.parse(readFileSync(report, 'utf8')) as {
        aggregate: { summaries: Record<string, { p50: number; p99: number } | undefined> };
      };
      const times = aggregate.summaries['http.response_time'];
      return times ? { e2e: [times.p50, times.p99] } : {};
    },
  };
}

function promptfoo(path: string): Tool {
  return {
    name: 'promptfoo (not streamed)',
    share: 0.25,
    async run(model, requests) {
      const config = join(folder, 'promptfoo.json');
      const report = join(folder, 'promptfoo-report.json');
      const provider = { apiBaseUrl: baseUrl, apiKey: 'none', max_tokens: maxTokens };
      writeFileSync(
        config,
        JSON.stringify({
          providers: [{ id: `openai:chat:${model}`, config: provider }],
          prompts: ['What is {{n}} plus 7?'],
          tests: Array.from({ length: requests }, (_, n) => ({ vars: { n } })),
        }),
      );
      const flags = [
        '--no-cache',
        '--no-table',
        '--no-progress-bar',
        '--no-write',
        '--max-concurrency',
        String(concurrency),
      ];
      await tool(path, ['eval', '--config', config, ...flags, '--output', report]);
      const { results } = JSON.parse(readFileSync(report, 'utf8')) as { results: { results: { latencyMs: number }[] } };
      return { e2e: middleAndTail(results.results.map(({ latencyMs }) => latencyMs)) };
    },
  };
}

function middleAndTail(values: number[]): [number, number] {
  values.sort((a, b) => a - b);
  return [quantile(values, 0.5), quantile(values, 0.99)];
}

function signed(ms: number | undefined): string {
  return ms === undefined ? '?' : `${ms < 0 ? '' : '+'}${ms.toFixed(1)}`;
}
