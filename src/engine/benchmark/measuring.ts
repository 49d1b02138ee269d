import { type ChildProcess, fork } from 'node:child_process';
import type { Manifest } from '../../core/benchmark/manifest.ts';
import type { Summary } from '../../core/benchmark/summary.ts';
import { Failure } from '../../core/failure.ts';
import {
  type BoundKey,
  fromMeasureSchema,
  type MeasureTask,
  type Progress,
  type ToMeasure,
} from '../../protocol/measure.ts';
import { answerMeasure, onlyInVscode } from './answer-measure.ts';
import { readManifest, readSummary } from './run-folder.ts';

/** A question to one of VS Code's own models. */
export interface ModelQuestion {
  /** As VS Code knows it. */
  readonly model: string;
  readonly prompt: string;
  readonly maxTokens?: number | undefined;
}

/** What comes of a question; tokens are counted by the model's own tokenizer, and absent where it has none. */
export interface ModelAnswer {
  readonly tokens?: { readonly input: number; readonly output: number } | undefined;
}

export interface MeasuringOptions {
  /** The measuring process's script, `dist/measure.js`. */
  readonly entry: string;
  readonly message: MeasureTask;
  /** Called at most five times a second. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Gives a fresh key for an endpoint whose key is about to expire or was refused, for the same origin; undefined, or a
   * Failure thrown: there is none, and the endpoint's requests fail with `auth`. Asked once at a time for each endpoint.
   */
  readonly refreshKey?: ((endpoint: string) => Promise<BoundKey | undefined>) | undefined;
  /**
   * Asks one of VS Code's own models; hands out text as it comes. Rejects with a Failure. `signal` aborts when the run
   * gives the question up. Absent: plans with such models fail.
   */
  readonly askModel?:
    | ((ask: ModelQuestion, onText: (text: string) => void, signal: AbortSignal) => Promise<ModelAnswer>)
    | undefined;
  /** The program that runs the script; default: the one that runs this (Node, or VS Code as Node). */
  readonly execPath?: string | undefined;
}

export interface Measuring {
  /**
   * Resolves when the run is complete, cancelled or stopped (`manifest.state`). Rejects with a Failure when it could
   * not be measured, or (`local`) when the measuring process died: then the run can be resumed.
   */
  readonly done: Promise<{ manifest: Manifest; summary: Summary }>;
  /** Resolves when the measuring process is gone; never rejects. */
  readonly closed: Promise<void>;
  /** Ends the run; what is finished is kept. */
  cancel(): void;
}

/** A process that does not end by itself after this time is ended; its run can be resumed. */
const patienceMs = 15_000;
const keptStderr = 4096;

/**
 * V8 lets the space of short-lived objects, and after a calibration that of old ones, grow far beyond what a run needs, and
 * glibc adds a heap for each thread: left alone they double the process (bench/measure.ts).
 */
const thrift = { flags: ['--max-semi-space-size=8', '--heap-growing-percent=40'], env: { MALLOC_ARENA_MAX: '1' } };

/**
 * Measures a run in a process of its own: the clock must not share its event loop with anybody.
 * @throws Failure `usage` for a plan with VS Code's own models where nobody can ask them.
 */
export function startMeasuring(options: MeasuringOptions): Measuring {
  const { entry, message, onProgress, execPath } = options;
  if (!options.askModel && message.type === 'start') {
    const asksVscode = message.plan.endpoints.some(({ protocol }) => protocol === 'vscode-lm');
    if (asksVscode) throw new Failure({ code: 'usage', message: onlyInVscode });
  }
  const child = fork(entry, [], {
    execPath: execPath ?? process.execPath,
    // Flags of the parent, a debugger's port for one, are not for the child.
    execArgv: thrift.flags,
    env: { ...thrift.env, ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-keptStderr);
  });
  let impatient: NodeJS.Timeout | undefined;
  const questions = answerMeasure(options, (answer) => tell(child, answer, () => {}));

  const done = new Promise<{ manifest: Manifest; summary: Summary }>((resolve, reject) => {
    child.on('message', (value) => {
      const told = fromMeasureSchema.safeParse(value);
      if (!told.success) return;
      if (told.data.type === 'progress') return onProgress?.(told.data);
      if (told.data.type === 'failed') return reject(new Failure(told.data));
      if (told.data.type !== 'done') return questions.receive(told.data);
      try {
        resolve({ manifest: readManifest(message.runDir), summary: readSummary(message.runDir) });
      } catch (error) {
        reject(error);
      }
    });
    child.on('error', (cause) => reject(died(message.runDir, cause.message, cause)));
    child.on('close', (code, signal) => {
      clearTimeout(impatient);
      questions.giveUp();
      reject(died(message.runDir, signal ?? `exit code ${code}`, new Error(stderr)));
    });
    tell(child, message, (cause) => reject(died(message.runDir, cause.message, cause)));
  });

  return {
    done,
    closed: new Promise((resolve) => {
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    }),
    cancel() {
      impatient ??= setTimeout(() => child.kill('SIGKILL'), patienceMs).unref();
      tell(child, { type: 'cancel' }, () => {});
    },
  };
}

function tell(child: ChildProcess, message: ToMeasure, onError: (cause: Error) => void): void {
  if (!child.connected) return;
  child.send(message, (cause) => {
    if (cause) onError(cause);
  });
}

function died(dir: string, how: string, cause: unknown): Failure {
  return new Failure(
    {
      code: 'local',
      message: `The measuring process ended unexpectedly (${how}). What was finished is kept in ${dir}: resume the run to send the rest.`,
    },
    { cause },
  );
}
