import { verdictOf } from '../core/benchmark/compare-models.ts';
import type { GateResult } from '../core/benchmark/gates.ts';
import type { Manifest } from '../core/benchmark/manifest.ts';
import type { RecordError } from '../core/benchmark/record.ts';
import { formatUsd } from '../core/catalog/cost.ts';
import { counted, grouped } from '../core/numbers.ts';
import { duration, figure } from '../core/report/format.ts';
import { stageLoadWords } from '../core/report/stage-rows.ts';
import { toTextTable } from '../core/report/table.ts';
import { buildReport, type Run } from '../core/report/view.ts';
import { startMeasuring } from '../engine/benchmark/measuring.ts';
import { openRun } from '../engine/benchmark/run-folder.ts';
import { type KeyedEndpoint, type KeyRing, resolveKeys } from '../engine/config/keys.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import { createUndiciTransport } from '../engine/http/undici-transport.ts';
import type { MeasureTask, Progress } from '../protocol/measure.ts';
import type { Installation } from './commands.ts';
import { type Gates, gateLines, judgedByGates, noGates } from './gates.ts';
import { runLines } from './run-lines.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

/**
 * Lets the measuring process do what `message` says, with progress on stderr; Ctrl-C cancels and keeps what is done. `ring` is
 * asked for new keys when those of the message expire.
 * @throws Failure of the measuring process: disk, folder, settings.
 */
export async function measure(
  message: Unkeyed<MeasureTask>,
  ring: KeyRing,
  terminal: Terminal,
  installation: Installation,
): Promise<Run> {
  const measuring = startMeasuring({
    entry: installation.measureEntry,
    message: { ...message, keys: [...ring.keys] },
    refreshKey: (endpoint) => ring.fresh(endpoint),
    onProgress: (progress) => terminal.progress(progressLine(progress)),
  });
  const cancel = () => {
    terminal.note('Stopping; what is done is kept.');
    measuring.cancel();
  };
  if (terminal.interrupted.aborted) cancel();
  terminal.interrupted.addEventListener('abort', cancel, { once: true });
  try {
    await measuring.done;
  } finally {
    terminal.interrupted.removeEventListener('abort', cancel);
  }
  return openRun(message.runDir);
}

/** A task but for its keys. */
type Unkeyed<T> = T extends unknown ? Omit<T, 'keys'> : never;

/** For endpoints that ask for none. */
export const noKeys: KeyRing = { keys: [], fresh: async () => undefined };

/** Does something with the keys of endpoints; the sign-ins behind them end with it. */
export async function withKeys<T>(
  endpoints: readonly KeyedEndpoint[],
  { env, interrupted }: Terminal,
  use: (ring: KeyRing) => Promise<T>,
): Promise<T> {
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 2 });
  // A sign-in that nobody waits for any more must not keep the command from ending.
  const over = new AbortController();
  try {
    const signal = AbortSignal.any([interrupted, over.signal]);
    return await use(await resolveKeys(endpoints, env, { transport, signal }));
  } finally {
    over.abort();
    await transport.close();
  }
}

/** Where a run is, for a person. */
export function progressLine(progress: Progress): string {
  const { phase, stage, done, total, errors, requestsPerSecond, costUsd, etaMs } = progress;
  if (phase === 'calibrating') return 'Calibrating: the instrument measures its own error';
  return [
    ...(phase === 'warming' ? ['warming up'] : phase === 'evaluating' ? ['judging'] : []),
    ...(stage === undefined ? [] : [stagePlace(stage)]),
    `${grouped(done)} of ${counted(total, phase === 'evaluating' ? 'verdict' : 'request')}`,
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    `${figure(requestsPerSecond)}/s`,
    ...(costUsd === undefined ? [] : [formatUsd(costUsd)]),
    ...(etaMs === undefined ? [] : [`${duration(etaMs)} to go`]),
  ].join('  ');
}

/** `stage 2 of 5 at 10/s`. */
function stagePlace({ number, of, load }: NonNullable<Progress['stage']>): string {
  return `stage ${number}${of === undefined ? '' : ` of ${of}`} at ${stageLoadWords(load)}`;
}

/** How a run was asked for: its folder, the configuration that vouches for its keys, and the kind of output. */
export interface Asked {
  readonly dir: string;
  readonly config?: string | undefined;
  readonly json?: true | undefined;
  readonly gates?: Gates | undefined;
  /** True: its answers were judged again, and how that ended counts, not how the run did. */
  readonly judged?: boolean | undefined;
}

/**
 * Prints what came of a run and how it keeps its gates, and gives the exit code. A run that stopped at a limit which the person
 * set is done; its manifest tells.
 */
export async function printRun(run: Run, asked: Asked, terminal: Terminal): Promise<ExitCode> {
  const { manifest, summary } = run;
  const gates = await judgedByGates(asked.gates ?? noGates, run);
  if (asked.json === true) {
    const found = { ...summary, calibration: manifest.calibration, verdict: verdictOf(run), gates };
    await terminal.out(`${JSON.stringify(found, undefined, 2)}\n`);
  } else {
    const view = buildReport(run);
    const lines = [...runLines(view), ...gateLines(gates, manifest)];
    await terminal.out(`${toTextTable(view)}${lines.length > 0 ? `\n${lines.join('\n')}\n` : ''}`);
  }
  if (asked.judged === true) {
    if (manifest.judging === undefined) return gateCode(gates);
    terminal.note('Interrupted; what was judged is kept, and the same command goes on from there.');
    return exit.interrupted;
  }
  if (manifest.state !== 'complete') terminal.note(`${endWords(manifest)} Go on with: ${resumption(manifest, asked)}`);
  if (manifest.state === 'cancelled') return exit.interrupted;
  if (summary.totals.ok === 0 && summary.totals.error > 0) {
    terminal.note(`tierwise: no request succeeded. The first: ${firstError(run)?.message ?? 'no reason is known'}`);
    return exit.endpoint;
  }
  if (manifest.stopReason === 'endpoint') return exit.endpoint;
  if (manifest.stopReason === 'disk' || manifest.stopReason === 'failure') return exit.wrongUse;
  return gateCode(gates);
}

function gateCode(gates: readonly GateResult[]): ExitCode {
  return gates.every(({ passed }) => passed) ? exit.done : exit.gateFailed;
}

function firstError({ records }: Run): RecordError | undefined {
  for (const { error } of records) if (error !== undefined) return error;
  return undefined;
}

function endWords({ state, stopMessage }: Manifest): string {
  if (state === 'cancelled') return 'Interrupted; what is done is kept.';
  return stopMessage === undefined ? 'The run is not complete.' : stopMessage;
}

/** What to type to finish a run. */
export function resumption(
  { plan, stopReason }: Pick<Manifest, 'plan' | 'stopReason'>,
  { dir, config = 'FILE' }: Asked,
): string {
  const vouched = plan.endpoints.some(
    ({ protocol, apiKeyEnv, baseUrl }) =>
      protocol === 'databricks' || (apiKeyEnv !== undefined && !parseBaseUrl(baseUrl).loopback),
  );
  return [
    `tierwise resume ${shellWord(dir)}`,
    ...(vouched ? [`--config ${shellWord(config)}`] : []),
    // As it is, the ceiling would stop it at once.
    ...(stopReason === 'cost-ceiling' ? ['--max-cost USD'] : []),
    ...(stopReason === 'token-ceiling' ? ['--max-tokens-total N'] : []),
  ].join(' ');
}

/** A path as it can be typed into a shell. */
export function shellWord(path: string): string {
  return /^[\w./:@%+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
