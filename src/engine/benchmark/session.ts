import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import { mostInFlight, mostRequests } from '../../core/benchmark/stages.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey, Progress } from '../../protocol/measure.ts';
import { calibrated } from '../calibration/calibrate.ts';
import type { Transport } from '../http/transport.ts';
import { checkEvaluable } from '../quality/evaluate.ts';
import { addUse, noUse, type Use } from './budget.ts';
import { configHash } from './config-hash.ts';
import { diskFailure, makeFolder, writeAtomically } from './disk.ts';
import { brokeOff, type EarlierSessions, earlierSessions, lostUse, noSessions } from './earlier.ts';
import { openJournal } from './journal.ts';
import { checkJudging, judgeAnswers, judgingUse, writeSummary } from './judging.ts';
import { LagWatch } from './lag.ts';
import { type Lock, lockRun } from './lock.ts';
import { mendLines } from './outcomes.ts';
import type { Parent } from './parent.ts';
import { ProgressTicker } from './progress.ts';
import { readManifest, readPrompts, runPaths } from './run-folder.ts';
import { checkRunnable, type Ending, type Running, startRequests } from './runner.ts';

/** What a session of a run needs from outside. */
export interface SessionOptions {
  readonly runDir: string;
  readonly keys: readonly BoundKey[];
  readonly versions: Manifest['versions'];
  /** The measuring process's own script, for calibrating; absent: it cannot calibrate. */
  readonly script?: string | undefined;
  /** Absent: keys cannot be renewed, and VS Code's own models cannot be asked. */
  readonly parent?: Parent | undefined;
  /** Makes the transport for so many requests at once; it opens no connection before the first. */
  readonly connect: (connections: number) => Promise<Transport>;
  /** Cancels; what is done is kept. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Begins a run in a folder of its own and measures until it is complete, cancelled or stopped.
 * @throws Failure `usage` or `config` for what cannot be run, also when the folder holds a run already; `local` when the
 * disk fails before anything is sent.
 */
export async function startRun(
  options: SessionOptions & { readonly title: string; readonly plan: Plan; readonly prompts: readonly RunPrompt[] },
): Promise<Manifest> {
  const { runDir, plan, prompts } = options;
  checkRunnable(plan, options.keys, options.parent);
  checkEvaluable(plan, options.keys, options.parent);
  // Before the first write: the settings of the network can be wrong, too.
  const transport = await options.connect(mostInFlight(plan));
  makeFolder(runDir);
  return locked(runDir, () => {
    const paths = runPaths(runDir);
    if (existsSync(paths.manifest) || existsSync(paths.records)) {
      throw new Failure({
        code: 'usage',
        message: `${runDir} holds a run already. Choose another folder, or resume that run.`,
      });
    }
    writeAtomically(paths.prompts, prompts.map((prompt) => `${JSON.stringify(prompt)}\n`).join(''));
    const now = new Date();
    const manifest: Manifest = {
      schema: 1,
      runId: `${now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${randomBytes(3).toString('hex')}`,
      title: options.title,
      state: 'running',
      startedAt: now.toISOString(),
      resumed: 0,
      plan,
      configHash: configHash(plan, prompts),
      versions: options.versions,
      machine: machineFacts(),
      simulated: false,
    };
    return measure(options, transport, manifest, prompts, noSessions);
  });
}

/**
 * Takes up a run that was interrupted, cancelled or stopped, and sends what has no record yet. `maxCostUsd` and
 * `maxTotalTokens`: ceilings for the whole run, in place of those that it has.
 * @throws Failure `input` when the folder is damaged or was changed; `local` when another process works on it.
 */
export async function resumeRun(
  options: SessionOptions & { readonly maxCostUsd?: number | undefined; readonly maxTotalTokens?: number | undefined },
): Promise<Manifest> {
  const { runDir } = options;
  readManifest(runDir);
  return locked(runDir, async () => {
    // Read again, now that nobody else writes.
    const manifest = readManifest(runDir);
    const { plan } = manifest;
    const prompts = readPrompts(runDir);
    if (configHash(plan, prompts) !== manifest.configHash) {
      throw new Failure({
        code: 'input',
        message: `The plan in ${runPaths(runDir).manifest} or the prompts beside it were changed since the run began, so its records would not belong together. Undo the change, or begin a new run.`,
      });
    }
    const ceilings = {
      maxCostUsd: options.maxCostUsd ?? manifest.maxCostUsd,
      maxTotalTokens: options.maxTotalTokens ?? manifest.maxTotalTokens,
    };
    checkRunnable(planNow({ plan, ...ceilings }), options.keys, options.parent);
    checkJudging(runDir, { ...manifest, ...ceilings }, prompts, options);
    const earlier = earlierSessions(runDir, manifest, prompts);
    if (manifest.state === 'complete') return manifest;
    const transport = await options.connect(mostInFlight(plan));
    mendLines(runPaths(runDir).records);
    const lost = lostUse(manifest, prompts, earlier, mostInFlight(plan));
    const unrecorded = addUse(unrecordedOf(manifest), lost);
    const used = addUse(unrecorded, judgingUse(runDir, manifest, prompts));
    const { stopReason: _, stopMessage: __, judging, ...kept } = manifest;
    return measure(
      options,
      transport,
      {
        ...kept,
        state: 'running',
        ...ceilings,
        resumed: manifest.resumed + 1,
        durationMs: earlier.measuredMs,
        ...unrecordedFields(unrecorded),
      },
      prompts,
      { ...earlier, spent: addUse(earlier.spent, used) },
      brokeOff(manifest) || judging === 'running',
    );
  });
}

/** The plan with the ceilings that hold now; those in the manifest's plan stay, as its hash is that of the run. */
function planNow({
  plan,
  maxCostUsd = plan.maxCostUsd,
  maxTotalTokens = plan.maxTotalTokens,
}: Pick<Manifest, 'plan' | 'maxCostUsd' | 'maxTotalTokens'>): Plan {
  return { ...plan, maxCostUsd, maxTotalTokens };
}

/** What requests without a record may have used. */
function unrecordedOf({ unrecordedUsd = 0, unrecordedTokens = 0 }: Manifest): Use {
  return { usd: unrecordedUsd, tokens: unrecordedTokens };
}

function unrecordedFields({ usd, tokens }: Use): Pick<Manifest, 'unrecordedUsd' | 'unrecordedTokens'> {
  return { unrecordedUsd: usd > 0 ? usd : undefined, unrecordedTokens: tokens > 0 ? tokens : undefined };
}

async function locked(dir: string, work: () => Promise<Manifest>): Promise<Manifest> {
  const lock: Lock = lockRun(dir);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** One session: sends what is left, writes records as they come, and manifest and summary at the end. */
async function measure(
  options: SessionOptions,
  transport: Transport,
  begun: Manifest,
  prompts: readonly RunPrompt[],
  earlier: EarlierSessions,
  judgingBrokeOff = false,
): Promise<Manifest> {
  const { runDir } = options;
  const reserve = reserveRoom(runDir);
  try {
    writeManifest(runDir, begun);
    if (begun.plan.calibrate && begun.resumed === 0) {
      options.onProgress(calibrating(mostRequests(begun.plan)));
      begun = { ...begun, ...(await calibrated({ ...options, plan: begun.plan, prompts })) };
      writeManifest(runDir, begun);
    }
    const sent = await sendAll(options, transport, begun, prompts, earlier);
    const { ending, lag, simulated, durationMs, defect, stages } = sent;
    reserve.release();
    const { abandoned, ...end } = ending;
    // After the other ends a resumed run reckons what was lost.
    const knows = end.stopReason !== 'disk' && end.stopReason !== 'failure';
    const manifest: Manifest = {
      ...begun,
      ...end,
      durationMs,
      stages,
      ...unrecordedFields(addUse(unrecordedOf(begun), knows ? abandoned : noUse)),
      lag,
      simulated,
    };
    const { timeLimitMs } = begun.plan;
    const how = {
      brokeOff: judgingBrokeOff,
      timeLeftMs: timeLimitMs === undefined ? undefined : timeLimitMs - (durationMs - earlier.measuredMs),
    };
    const ended = end.state === 'complete' ? await judged(options, transport, manifest, prompts, how) : manifest;
    writeSummary(runDir, ended, prompts);
    writeManifest(runDir, ended);
    if (defect !== undefined) throw defect;
    return ended;
  } finally {
    reserve.release();
    await transport.close();
  }
}

/** All requests have ended: judges the answers. What ends that ends the run. */
async function judged(
  options: SessionOptions,
  transport: Transport,
  manifest: Manifest,
  prompts: readonly RunPrompt[],
  how: Parameters<typeof judgeAnswers>[4],
): Promise<Manifest> {
  const evaluated = await judgeAnswers(options, transport, manifest, prompts, how);
  if (!evaluated) return manifest;
  const { knownUsd: _, unknownCost: __, unrecorded, ...fields } = evaluated;
  return { ...manifest, ...fields, ...unrecordedFields(addUse(unrecordedOf(manifest), unrecorded)) };
}

interface Sent extends Pick<Manifest, 'lag' | 'simulated' | 'stages'> {
  readonly ending: Ending;
  readonly durationMs: number;
  /** What was thrown in the middle, when `ending` is that of a failure. */
  readonly defect: unknown;
}

/** Sends what is left of a run; all records are written when it resolves. @throws Failure `local` when none can be. */
async function sendAll(
  options: SessionOptions,
  transport: Transport,
  begun: Manifest,
  prompts: readonly RunPrompt[],
  earlier: EarlierSessions,
): Promise<Sent> {
  const plan = planNow(begun);
  const disk = new AbortController();
  const journal = openJournal(runPaths(options.runDir).records, (failure) => disk.abort(failure));
  const flush = () => journal.flush();
  process.on('exit', flush);
  let lag: LagWatch | undefined;
  let running: Running | undefined;
  let { simulated, stages } = begun;
  let warming = true;
  const ticker = new ProgressTicker({
    total: () => running?.mostRequests ?? mostRequests(plan, earlier.stages?.all),
    done: earlier.finished.size,
    errors: earlier.errors,
    costUsd: earlier.costUsd,
    earlierMs: earlier.measuredMs,
    inFlight: () => running?.inFlight ?? 0,
    where: () => ({ ...(warming ? { phase: 'warming' as const } : {}), ...stageNow(plan, stages) }),
    tell: options.onProgress,
  });

  let ending: Ending;
  let defect: unknown;
  try {
    running = startRequests({
      runId: begun.runId,
      plan,
      prompts,
      keys: options.keys,
      transport,
      parent: options.parent,
      earlier,
      session: begun.resumed,
      signal: AbortSignal.any([options.signal, disk.signal]),
      onStage(all) {
        if (plan.load?.pattern !== 'sweep' && plan.load?.pattern !== 'search') return;
        stages = [...all];
        try {
          // Before its first record, so that a run which is killed knows what the records belong to.
          writeManifest(options.runDir, { ...begun, stages });
        } catch (failure) {
          disk.abort(failure);
        }
      },
      onSend(request) {
        warming = request.warmup;
        if (!request.warmup) lag ??= new LagWatch();
      },
      onRecord(record) {
        simulated ||= record.simulated === true;
        journal.append(record);
        if (record.coldStart) ticker.countCost(record);
        else ticker.count(record);
      },
    });
    ending = await running.ended;
  } catch (error) {
    defect = error;
    ending = {
      state: 'stopped',
      stopReason: 'failure',
      stopMessage: error instanceof Failure ? error.message : 'A defect in Tierwise ended the run.',
      abandoned: noUse,
    };
  }
  const durationMs = ticker.stop();
  journal.close();
  process.off('exit', flush);
  if (disk.signal.aborted) ending = diskEnding(ending, disk.signal);
  return { ending, durationMs, lag: lag ? lag.stop(begun.lag) : begun.lag, simulated, stages, defect };
}

function calibrating(total: number): Progress {
  return {
    type: 'progress',
    phase: 'calibrating',
    ...{ done: 0, total, errors: 0, inFlight: 0, requestsPerSecond: 0, elapsedMs: 0 },
  };
}

/** The last stage that has begun, where the plan has several. */
function stageNow({ load }: Plan, stages: Manifest['stages']): Pick<Progress, 'stage'> {
  const last = stages?.at(-1);
  if (stages === undefined || last === undefined) return {};
  const of = load?.pattern === 'sweep' ? { of: load.stages.length } : {};
  return { stage: { number: stages.length, ...of, load: last.load } };
}

/** A record that could not be written at the very end leaves a run that looked complete unfinished. */
function diskEnding(ending: Ending, signal: AbortSignal): Ending {
  if (ending.stopReason === 'disk') return ending;
  const { reason } = signal;
  const stopMessage = reason instanceof Failure ? reason.message : 'The disk failed.';
  return { ...ending, state: 'stopped', stopReason: 'disk', stopMessage };
}

function writeManifest(dir: string, manifest: Manifest): void {
  writeAtomically(runPaths(dir).manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
}

const reserveBytes = 64 * 1024;

/** Keeps some room, so that manifest and summary can still be written when the records have filled the disk. */
function reserveRoom(dir: string): { release(): void } {
  const path = join(dir, '.reserve');
  try {
    // Random, because some file systems store zeros in no room at all.
    writeFileSync(path, randomBytes(reserveBytes));
  } catch (cause) {
    rmSync(path, { force: true });
    throw diskFailure('write', path, cause);
  }
  return { release: () => rmSync(path, { force: true }) };
}

function machineFacts(): Manifest['machine'] {
  const processors = cpus();
  return {
    platform: process.platform,
    arch: process.arch,
    cpus: processors.length,
    cpuModel: processors[0]?.model ?? 'unknown',
    memoryMb: Math.round(totalmem() / 2 ** 20),
  };
}
