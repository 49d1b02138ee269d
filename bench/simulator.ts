/**
 * What the simulated endpoint costs and how late it is, beside a bare node:http server that sends the same bytes, in one
 * run. Both serve from a process of their own; the load comes from here, without parsing.
 *
 *   node bench/simulator.ts [requests]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { Pool } from 'undici';
import { type Simulator, startSimulator } from '../src/engine/simulator/server.ts';
import type { TruthEntry } from '../src/engine/simulator/truth.ts';

const concurrency = 64;
const tokens = 64;

interface Report {
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly lateness?: { p50: number; p99: number; max: number } | undefined;
  readonly ttft: readonly number[];
  readonly e2e: readonly number[];
}

interface Dialect {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bodyOf: (prompt: string) => Readonly<Record<string, unknown>>;
}

const messages = (prompt: string) => ({ messages: [{ role: 'user', content: prompt }] });
const chat: Dialect = { path: '/v1/chat/completions', bodyOf: messages };
const dialects: Readonly<Record<string, Dialect>> = {
  completions: { path: '/v1/completions', bodyOf: (prompt) => ({ prompt }) },
  responses: { path: '/v1/responses', bodyOf: (input) => ({ input }) },
  anthropic: {
    path: '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    bodyOf: (prompt) => ({ ...messages(prompt), max_tokens: 100 }),
  },
  ollama: { path: '/api/chat', bodyOf: messages },
  databricks: { path: '/serving-endpoints/instant/invocations', bodyOf: messages },
};

if (process.argv[2] === 'serve') await serve(process.argv[3] ?? '');
else await measure(Number(process.argv[2] ?? 2000));

/** The child: serves, and tells processor time since the last question. */
async function serve(kind: string): Promise<void> {
  let simulator: Simulator | undefined;
  let truth: TruthEntry[] = [];
  let port: number;
  if (kind === 'bare') {
    port = await bareServer();
  } else {
    simulator = await startSimulator({ truth: (entry) => truth.push(entry) });
    port = Number(new URL(simulator.origin).port);
  }
  let before = process.cpuUsage();
  process.on('message', () => {
    const { user, system } = process.cpuUsage(before);
    const report: Report = {
      cpuMs: (user + system) / 1000,
      rssMb: process.memoryUsage.rss() / 2 ** 20,
      lateness: simulator?.lateness(),
      ttft: truth.map((entry) => entry.firstTokenMs ?? Number.NaN),
      e2e: truth.map((entry) => entry.lastTokenMs ?? Number.NaN),
    };
    truth = [];
    before = process.cpuUsage();
    process.send?.(report);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(port);
}

/** Reads and parses the request, then sends 64 ready-made events and [DONE] in one write: the least that can be done. */
function bareServer(): Promise<number> {
  const event = `data: ${JSON.stringify({
    id: 'chatcmpl-0123456789abcdef',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'instant',
    system_fingerprint: 'tierwise-simulated',
    simulated: true,
    choices: [{ index: 0, delta: { content: ' word' }, finish_reason: null }],
  })}\n\n`;
  const bytes = Buffer.from(`${event.repeat(tokens + 2)}data: [DONE]\n\n`);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString());
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
      response.end(bytes);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

interface Served {
  readonly child: ChildProcess;
  readonly pool: Pool;
}

async function startServer(kind: string): Promise<Served> {
  const child = fork(import.meta.filename, ['serve', kind], {
    execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'],
  });
  const port = await heard<number>(child);
  return { child, pool: new Pool(`http://127.0.0.1:${port}`, { connections: concurrency, pipelining: 1 }) };
}

function heard<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`The server ended with code ${code}.`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as T);
    });
  });
}

async function reportOf({ child }: Served): Promise<Report> {
  const report = heard<Report>(child);
  child.send('report');
  return report;
}

/** Runs `requests` at the concurrency and gives the seconds that they took. */
async function load(
  { pool }: Served,
  model: string,
  requests: number,
  staggerMs = 0,
  { path, bodyOf, headers }: Dialect = chat,
): Promise<number> {
  let left = requests;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ model, stream: true, ...bodyOf(`Prompt number ${left} of a bench.`) });
      const status = { code: 0 };
      pool.dispatch(
        { method: 'POST', path, headers: { 'content-type': 'application/json', ...headers }, body },
        {
          onRequestStart: () => {},
          onResponseStart: (_controller, code) => {
            status.code = code;
          },
          onResponseData: () => {},
          onResponseEnd: () => (status.code === 200 ? resolve() : reject(new Error(`Status ${status.code}.`))),
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
  const start = performance.now();
  const worker = async (index: number) => {
    await new Promise((resolve) => setTimeout(resolve, index * staggerMs));
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, index) => worker(index)));
  return (performance.now() - start) / 1000;
}

async function instant(server: Served, requests: number) {
  const seconds = await load(server, 'instant', requests);
  const { cpuMs, rssMb } = await reportOf(server);
  return { rate: requests / seconds, cpu: cpuMs / requests, rssMb };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function middle(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

async function measure(requests: number): Promise<void> {
  const cpuModel = cpus()[0]?.model ?? 'unknown processor';
  console.log(`node ${process.version}, ${cpus().length} x ${cpuModel}, load ${loadavg()[0]?.toFixed(2)}`);
  const simulated = await startServer('simulator');
  const bare = await startServer('bare');
  for (const server of [simulated, bare]) await instant(server, Math.min(1000, requests));

  // Taken in turns, because the machine's other work comes and goes; the middle of three.
  const rounds: Record<'simulated' | 'bare', Awaited<ReturnType<typeof instant>>[]> = { simulated: [], bare: [] };
  for (let round = 0; round < 3; round += 1) {
    rounds.simulated.push(await instant(simulated, requests));
    rounds.bare.push(await instant(bare, requests));
  }
  const line = (name: string, kind: keyof typeof rounds) => {
    const rate = middle(rounds[kind].map((round) => round.rate));
    const cpu = middle(rounds[kind].map((round) => round.cpu));
    const rss = middle(rounds[kind].map((round) => round.rssMb));
    console.log(
      `${name.padEnd(22)} ${rate.toFixed(0).padStart(6)} requests/s  ${cpu.toFixed(3)} CPU s per 1,000  ${rss.toFixed(0)} MB`,
    );
    return { rate, cpu };
  };
  console.log(
    `instant: ${tokens} tokens streamed, concurrency ${concurrency}, ${requests} requests, 3 rounds each in turn`,
  );
  const ours = line('simulated endpoint', 'simulated');
  const theirs = line('bare node:http server', 'bare');
  console.log(
    `ratio                  ${(ours.rate / theirs.rate).toFixed(2)} of the requests/s, ${(ours.cpu / theirs.cpu).toFixed(2)} times the CPU`,
  );

  console.log('instant, the other dialects: CPU s per 1,000, and beside chat completions');
  for (const [name, dialect] of Object.entries(dialects)) {
    await load(simulated, 'instant', requests, 0, dialect);
    const cpu = (await reportOf(simulated)).cpuMs / requests;
    console.log(`  ${name.padEnd(20)} ${cpu.toFixed(3)}  ${(cpu / ours.cpu).toFixed(2)}`);
  }

  const paced = Math.min(requests, 640);
  for (const [name, staggerMs] of [
    ['all at once', 0],
    ['staggered 13 ms', 13],
  ] as const) {
    await load(simulated, 'paced', paced, staggerMs);
    const { cpuMs, lateness, ttft, e2e } = await reportOf(simulated);
    const ttftLate = ttft.map((value) => value - 200);
    const e2eLate = e2e.map((value) => value - (200 + 10 * (tokens - 1)));
    console.log(`paced: TTFT 200 ms, 10 ms a token, concurrency ${concurrency}, ${paced} requests, ${name}`);
    console.log(
      `  late against the plan: TTFT p50 ${ms(quantile(ttftLate, 0.5))} p99 ${ms(quantile(ttftLate, 0.99))}; ` +
        `last token p50 ${ms(quantile(e2eLate, 0.5))} p99 ${ms(quantile(e2eLate, 0.99))}`,
    );
    if (lateness !== undefined) {
      console.log(`  each token so far:     p50 ${ms(lateness.p50)} p99 ${ms(lateness.p99)} max ${ms(lateness.max)}`);
    }
    console.log(`  ${(cpuMs / paced).toFixed(2)} CPU s per 1,000`);
  }
  for (const { child, pool } of [simulated, bare]) {
    await pool.close();
    child.disconnect();
  }
}
