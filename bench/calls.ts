// Many calls against an endpoint that fails one in twenty, with retries, as `tierwise ask` makes them.
//   node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/calls.ts [calls]
// The simulated endpoint, the calls and the bare undici loop that they are compared with run in a process of their own
// each. Ends with 1 unless every call is accounted for once and in order, every attempt reached the server, no more
// sockets than calls at once were open, memory stayed flat and no rejection went unhandled.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Pool } from 'undici';
import { answerAll } from '../src/engine/calling/answer-all.ts';
import { EndpointCaller } from '../src/engine/calling/endpoint-caller.ts';
import { lastAttempt } from '../src/engine/calling/retry.ts';
import { AdaptiveTimeouts } from '../src/engine/calling/timeout.ts';
import { createUndiciTransport } from '../src/engine/http/undici-transport.ts';
import { type Faults, parseFaults } from '../src/engine/simulator/faults.ts';
import { startSimulator } from '../src/engine/simulator/server.ts';

const concurrency = 256;
const faults = parseFaults(
  '429=0.005,429-databricks=0.015,500=0.005,reset=0.005,truncated=0.005,html=0.005,empty=0.005,length-lie=0.004,hang=0.001',
);
const share = Object.values(faults).reduce((sum, rate) => sum + rate, 0);
const calls = Number(process.argv[2] ?? 10_000);
const cleanCalls = Math.min(calls, 4_000);
/** Memory is compared after this part of the calls and near the end. */
const earlyShare = 1 / 5;
const prompt = 'What is 17 plus 25? Answer in one sentence.';

interface Load {
  readonly baseUrl: string;
  readonly calls: number;
  /** Most ms that a call may take. */
  readonly capMs: number;
}

interface Result {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly answered: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly outOfOrder: number;
  readonly mostSockets: number;
  readonly unhandled: number;
  /** MB, early and near the end. */
  readonly heap: readonly [number, number];
  readonly rss: readonly [number, number];
}

const roles: Record<string, (task: string) => Promise<void>> = { serve, ours, bare };
const role = roles[process.argv[2] ?? ''];
if (role) await role(process.argv[3] ?? '');
else await measure();

/** Tells its address, then the number of requests that it has answered whenever it is asked. */
async function serve(task: string): Promise<void> {
  let requests = 0;
  const simulator = await startSimulator({
    faults: JSON.parse(task) as Faults,
    truth() {
      requests++;
    },
  });
  process.on('message', () => process.send?.(requests));
  process.on('disconnect', () => process.exit());
  process.send?.(simulator.baseUrl);
}

async function ours(task: string): Promise<void> {
  const { baseUrl, calls: count, capMs } = JSON.parse(task) as Load;
  const early = Math.floor(count * earlyShare);
  let unhandled = 0;
  process.on('unhandledRejection', () => {
    unhandled++;
  });
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: concurrency });
  const caller = new EndpointCaller({
    transport,
    target: { protocol: 'openai', baseUrl },
    endpoint: 'simulated',
    concurrency,
    maxRetries: 3,
    timeouts: new AdaptiveTimeouts({ capMs }),
  });
  let mostSockets = 0;
  const watch = setInterval(() => {
    mostSockets = Math.max(
      mostSockets,
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
    );
  }, 10);
  let answered = 0;
  let attempts = 0;
  let outOfOrder = 0;
  let expected = 0;
  const failed: Record<string, number> = {};
  const heap: number[] = [];
  const rss: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const answers = answerAll(Array(count).keys(), {
    limit: concurrency,
    call: (index, _at, signal) =>
      caller.chat(
        {
          model: 'instant',
          messages: [{ role: 'user', content: `${prompt} (${index})` }],
          maxTokens: 64,
          stream: true,
        },
        { complexity: 0.1, signal },
      ),
  });
  for await (const result of answers) {
    if (result.index !== expected++ || result.request !== result.index) outOfOrder++;
    if (result.state !== 'answered') {
      failed[result.state] = (failed[result.state] ?? 0) + 1;
      continue;
    }
    attempts += result.answer.length;
    const { failure } = lastAttempt(result.answer).outcome;
    if (failure === undefined) answered++;
    else failed[failure.code] = (failed[failure.code] ?? 0) + 1;
    if (expected === early || expected === count - concurrency) {
      globalThis.gc?.();
      const memory = process.memoryUsage();
      heap.push(memory.heapUsed / 2 ** 20);
      rss.push(memory.rss / 2 ** 20);
    }
  }
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(watch);
  await transport.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  tell({
    cpuMs: (user + system) / 1000,
    wallMs,
    answered,
    failed,
    attempts,
    outOfOrder,
    mostSockets,
    unhandled,
    heap: [heap[0] ?? 0, heap[1] ?? 0],
    rss: [rss[0] ?? 0, rss[1] ?? 0],
  });
}

/** The least that can be done: dispatch, and parse each event. */
async function bare(task: string): Promise<void> {
  const { baseUrl, calls: count } = JSON.parse(task) as Load;
  const url = new URL(`${baseUrl}/chat/completions`);
  const pool = new Pool(url.origin, { connections: concurrency, headersTimeout: 0, bodyTimeout: 0 });
  const headers = { 'content-type': 'application/json' };
  const one = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const decoder = new TextDecoder();
      let rest = '';
      let text = '';
      pool.dispatch(
        {
          method: 'POST',
          path: url.pathname,
          headers,
          body: JSON.stringify({
            model: 'instant',
            messages: [{ role: 'user', content: `${prompt} (${index})` }],
            max_tokens: 64,
            stream: true,
            stream_options: { include_usage: true },
          }),
        },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData(_controller, chunk) {
            rest += decoder.decode(chunk, { stream: true });
            const events = rest.split('\n\n');
            rest = events.pop() ?? '';
            for (const event of events) {
              const data = event.slice('data: '.length);
              if (data !== '[DONE]') text += JSON.parse(data).choices[0]?.delta.content ?? '';
            }
          },
          onResponseEnd: () => (text === '' ? reject(new Error('no answer')) : resolve()),
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
  const cpu = process.cpuUsage();
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < count) await one(next++);
    }),
  );
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  await pool.close();
  tell({ cpuMs: (user + system) / 1000, wallMs });
}

function tell(result: Partial<Result>): void {
  process.send?.(result, () => process.disconnect());
}

function child(what: string, task: unknown): ChildProcess {
  return fork(import.meta.filename, [what, JSON.stringify(task)], {
    // The flags of the measuring process: without them V8 and glibc take space that no call needs.
    execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', '--expose-gc', '--max-semi-space-size=8'],
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  });
}

async function heard<T>(from: ChildProcess): Promise<T> {
  const [message] = await Promise.race([
    once(from, 'message'),
    once(from, 'exit').then(([code]) => {
      throw new Error(`A process ended with code ${code}.`);
    }),
  ]);
  return message as T;
}

async function run(what: 'ours' | 'bare', withFaults: Faults, count: number): Promise<Result & { served: number }> {
  const server = child('serve', withFaults);
  const baseUrl = await heard<string>(server);
  // The server is near: what hangs is given up after 3 s.
  const capMs = withFaults.hang === undefined ? 60_000 : 3_000;
  const result = await heard<Result>(child(what, { baseUrl, calls: count, capMs }));
  // The server notices that a request was given up a moment later.
  await new Promise((resolve) => setTimeout(resolve, 500));
  server.send('requests');
  const served = await heard<number>(server);
  server.disconnect();
  return { ...result, served };
}

async function measure(): Promise<void> {
  console.log(`node ${process.version}, ${calls} calls, ${concurrency} at once, 64 tokens streamed`);
  const reference = await run('bare', {}, cleanCalls);
  const clean = await run('ours', {}, cleanCalls);
  const perThousand = (result: Result) => result.cpuMs / cleanCalls;
  const rate = (result: Result) => cleanCalls / (result.wallMs / 1000);
  console.log(
    `without faults   ${rate(clean).toFixed(0)} calls/s, ${perThousand(clean).toFixed(2)} CPU s per 1,000; bare undici loop ${rate(reference).toFixed(0)} and ${perThousand(reference).toFixed(2)}`,
  );
  const ratio = clean.cpuMs / reference.cpuMs;
  console.log(`ratio            ${ratio.toFixed(2)} times the CPU of the bare loop`);

  const faulty = await run('ours', faults, calls);
  const failures = Object.values(faulty.failed).reduce((sum, count) => sum + count, 0);
  const words = Object.entries(faulty.failed).map(([code, count]) => `${code} ${count}`);
  console.log(
    `${(share * 100).toFixed(0)} % faults        ${faulty.answered} answered, ${failures} failed (${words.join(', ')}), ${faulty.attempts} attempts, ${(faulty.wallMs / 1000).toFixed(1)} s`,
  );
  console.log(
    `memory           heap ${faulty.heap.map((mb) => mb.toFixed(1)).join(' → ')} MB, RSS ${faulty.rss.map((mb) => mb.toFixed(0)).join(' → ')} MB, after ${Math.floor(calls * earlyShare)} calls and near the end`,
  );
  console.log(`sockets          ${faulty.mostSockets} open at most`);

  const limits: [holds: boolean, what: string][] = [
    [faulty.answered + failures === calls, `${faulty.answered + failures} of ${calls} calls are accounted for`],
    [faulty.outOfOrder === 0, `${faulty.outOfOrder} results out of order`],
    [faulty.attempts === faulty.served, `${faulty.attempts} attempts were recorded, the server saw ${faulty.served}`],
    [faulty.attempts > calls, 'nothing was tried again'],
    [faulty.mostSockets <= concurrency, `${faulty.mostSockets} sockets were open at once`],
    [faulty.unhandled + clean.unhandled === 0, 'a rejection went unhandled'],
    [(faulty.heap[1] ?? 0) <= (faulty.heap[0] ?? 0) + 8, 'the heap grew by more than 8 MB'],
    [(faulty.rss[1] ?? 0) <= 1.3 * (faulty.rss[0] ?? 0), 'RSS grew by more than 30 %'],
    [clean.answered === cleanCalls, `only ${clean.answered} of ${cleanCalls} calls without faults were answered`],
    [ratio <= 2.5, 'calls cost more than 2.5 times the CPU of the bare loop'],
  ];
  for (const [holds, what] of limits) if (!holds) console.log(`MISSED: ${what}.`);
  process.exitCode = limits.every(([holds]) => holds) ? 0 : 1;
}
