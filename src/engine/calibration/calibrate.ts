import type { Calibration, Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { Failure } from '../../core/failure.ts';
import { distribution } from '../../core/stats/quantiles.ts';
import { nothingEarlier, startRequests } from '../benchmark/runner.ts';
import type { Transport } from '../http/transport.ts';
import { runBareLoop } from './bare-loop.ts';
import { type Rehearsal, rehearsalOf } from './rehearsal.ts';
import { startTrueProcess, type TrueProcess, type Truth } from './true-process.ts';

export interface CalibrateOptions {
  readonly plan: Plan;
  readonly prompts: readonly RunPrompt[];
  /** The measuring process's own script, forked again for the simulator. */
  readonly script: string;
  /** Makes the transport that the run uses. */
  readonly connect: (connections: number) => Promise<Transport>;
  readonly signal: AbortSignal;
}

/** A machine on which it takes longer tells nothing by it, and is not to hold up the run. ms */
const patienceMs = 10_000;
/** For the ceilings: enough that the rate is that of many rounds, few enough to be over in a moment. */
const ceilingRequests = 256;
const ceilingWarmup = 64;
const ceilingMs = 400;
const ceilingInFlight = 64;
const ceilingTokens = 64;
/** A median of fewer says nothing. */
const fewestPairs = 5;

/** What a run's manifest says of the instrument's own error; a run that cannot know it is a run all the same. */
export async function calibrated(
  options: Omit<CalibrateOptions, 'script'> & { readonly script?: string | undefined },
): Promise<Pick<Manifest, 'calibration' | 'calibrationFailure'>> {
  const { script, signal } = options;
  if (script === undefined) return { calibrationFailure: 'There is no script to start the simulator with.' };
  try {
    return { calibration: await calibrate({ ...options, script }) };
  } catch (error) {
    if (signal.aborted) return {};
    return { calibrationFailure: error instanceof Failure ? error.message : `A defect in Tierwise: ${error}` };
  }
}

/**
 * How wrong the instrument is under a plan's load on this machine: the load is sent, by all that sends and records a
 * run, to the built-in simulator in another process, and each record is held against what that process did.
 *
 * Two processes have no common clock to be trusted with fractions of a millisecond, so only spans are compared, joined by
 * `x-request-id`: ours run from the request's first byte to the chunk with the first (last) token; the true ones from the
 * moment in which the server has the request's head to the one in which it hands that chunk to its socket. Between the
 * two lie both kernels' loopback and the request's way into the server's event loop: they count as error here,
 * although no client could avoid them, while the network of a real endpoint is in none of it.
 *
 * Then the ceilings: requests per second of a bare loop and of the instrument, one after the other, from this process,
 * against answers without delay. All takes about three seconds and some hundred requests.
 * @throws Failure `local` when there is nothing to compare or it takes too long; the signal's, when it aborts.
 */
async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { plan, prompts, script } = options;
  const protocol = plan.endpoints.map((endpoint) => endpoint.protocol).find((name) => name !== 'vscode-lm');
  if (protocol === undefined) {
    throw new Failure({
      code: 'local',
      message: "VS Code's own models are asked by VS Code, which cannot be rehearsed.",
    });
  }
  const { apiVersion } = plan.endpoints.find((endpoint) => endpoint.protocol === protocol) ?? {};
  const patience = AbortSignal.timeout(patienceMs);
  const signal = AbortSignal.any([options.signal, patience]);
  const rehearsal = rehearsalOf(plan, prompts);
  const transport = await options.connect(Math.max(rehearsal.plan.concurrency, ceilingInFlight));
  let simulator: TrueProcess | undefined;
  try {
    simulator = await startTrueProcess(script, rehearsal.shape, signal);
    const sender = new Sender(transport, signal, (model) => ({
      endpoints: [{ id: 'simulator', protocol, baseUrl: simulator?.addresses[protocol] ?? '', apiVersion }],
      models: [{ endpoint: 'simulator', model }],
    }));
    const { records } = await sender.send('rehearsed', rehearsal.plan, rehearsal.prompts);
    const errors = errorsOf(records, await simulator.truth(), rehearsal.plan.stream);
    const ceilings = await ceilingsOf(sender, simulator.addresses.openai, rehearsal);
    return { load: rehearsal.load, ...errors, ...ceilings, reduced: rehearsal.reduced || undefined };
  } catch (error) {
    if (!patience.aborted || options.signal.aborted) throw error;
    throw new Failure({ code: 'local', message: `It took longer than ${patienceMs / 1000} s.` }, { cause: error });
  } finally {
    await transport.close();
    await simulator?.close();
  }
}

/** Sends requests to the simulator as a run does; records are made and written out as text, but not stored. */
class Sender {
  readonly #transport: Transport;
  readonly #signal: AbortSignal;
  readonly #target: (model: string) => Pick<Plan, 'endpoints' | 'models'>;

  constructor(
    transport: Transport,
    signal: AbortSignal,
    target: (model: string) => Pick<Plan, 'endpoints' | 'models'>,
  ) {
    this.#transport = transport;
    this.#signal = signal;
    this.#target = target;
  }

  async send(
    model: string,
    plan: Rehearsal['plan'],
    prompts: readonly RunPrompt[],
  ): Promise<{ records: RunRecord[]; perSecond: number }> {
    const records: RunRecord[] = [];
    let written = 0;
    const from = this.#transport.now();
    const { state, stopReason } = await startRequests({
      runId: model,
      plan: { ...plan, ...this.#target(model) },
      prompts,
      keys: [],
      transport: this.#transport,
      parent: undefined,
      earlier: nothingEarlier,
      session: 0,
      signal: this.#signal,
      onStage() {},
      onSend() {},
      onRecord(record) {
        written += JSON.stringify(record).length;
        records.push(record);
      },
    }).ended;
    this.#signal.throwIfAborted();
    if (written === 0 || (state !== 'complete' && stopReason !== 'time-limit')) {
      throw new Failure({ code: 'local', message: 'The simulator did not answer as it should.' });
    }
    return { records, perSecond: records.length / ((this.#transport.now() - from) / 1000) };
  }
}

function errorsOf(
  records: readonly RunRecord[],
  truth: Truth,
  stream: boolean,
): Pick<Calibration, 'requests' | 'ttftErrorMs' | 'e2eErrorMs'> {
  const ttft: number[] = [];
  const e2e: number[] = [];
  for (const { id, warmup, status, times } of records) {
    const [first, last] = truth.get(id) ?? [];
    const { sent, firstToken, lastToken } = times;
    if (warmup || status !== 'ok' || firstToken === undefined || lastToken === undefined) continue;
    if (first === undefined || last === undefined) continue;
    ttft.push(Math.abs(firstToken - sent - first));
    e2e.push(Math.abs(lastToken - sent - last));
  }
  const e2eErrorMs = distribution(e2e);
  if (!e2eErrorMs || e2eErrorMs.n < fewestPairs) {
    throw new Failure({ code: 'local', message: `Only ${e2e.length} requests could be compared with the truth.` });
  }
  return { requests: e2e.length, ttftErrorMs: stream ? distribution(ttft) : undefined, e2eErrorMs };
}

async function ceilingsOf(
  sender: Sender,
  baseUrl: string,
  { plan, prompts }: Rehearsal,
): Promise<Pick<Calibration, 'bareLoopPerSecond' | 'instrumentPerSecond'>> {
  const concurrency = Math.min(ceilingInFlight, plan.concurrency);
  const maxTokens = Math.min(plan.maxTokens, ceilingTokens);
  const { requestsPerSecond } = await runBareLoop({
    baseUrl,
    model: 'instant',
    requests: ceilingRequests,
    // The instrument is warm by now.
    warmup: ceilingWarmup,
    concurrency,
    maxTokens,
    stream: plan.stream,
    prompts: prompts.map(({ text }) => text),
    limitMs: ceilingMs,
  });
  const { load: _, ...closed } = plan;
  const { perSecond } = await sender.send(
    'instant',
    { ...closed, concurrency, maxTokens, requests: ceilingRequests, warmup: 0, timeLimitMs: ceilingMs },
    prompts,
  );
  return { bareLoopPerSecond: requestsPerSecond, instrumentPerSecond: perSecond };
}
