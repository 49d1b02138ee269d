import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { Manifest } from '../core/benchmark/manifest.ts';
import { Failure } from '../core/failure.ts';
import type { Outcome } from '../core/quality/outcome.ts';
import type { Run } from '../core/report/run.ts';
import { isLocked } from '../engine/benchmark/lock.ts';
import { type Measuring, type MeasuringOptions, startMeasuring } from '../engine/benchmark/measuring.ts';
import { addVerdicts } from '../engine/benchmark/outcomes.ts';
import { listRuns, openRun, readManifest } from '../engine/benchmark/run-folder.ts';
import type { MeasureTask, Progress } from '../protocol/measure.ts';

/** What to measure: a new run, or one to take up again. */
export type Task = MeasureTask;

/** What a measuring process tells the window and asks of it. */
export type MeasureHelp = Pick<MeasuringOptions, 'onProgress' | 'refreshKey' | 'askModel'>;

/** What a person can say of answers. */
export type PersonVerdict = Extract<Outcome, { kind: 'pair' | 'rating' }>;

/** How a stored run stands. `interrupted`: it says that it is running, but no process works on it. */
export type ShownState = Manifest['state'] | 'interrupted';

/** A stored run as a list shows it. */
export interface RunEntry {
  readonly id: string;
  readonly manifest: Manifest;
  readonly state: ShownState;
  /** This window measures it, and can cancel it. */
  readonly mine: boolean;
  readonly progress: Progress | undefined;
}

interface Live {
  readonly measuring: Measuring;
  progress?: Progress;
}

/** Runs are folders `<global storage>/runs/<id>`; those that this window measures at the moment have a process. */
export class Runs implements vscode.Disposable {
  readonly #folder: string;
  readonly #measureEntry: string;
  readonly #live = new Map<string, Live>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(folder: string, measureEntry: string) {
    this.#folder = folder;
    this.#measureEntry = measureEntry;
  }

  /** The stored runs, newest first. */
  async list(): Promise<readonly RunEntry[]> {
    const stored = await listRuns(this.#folder);
    return stored.map(({ dir, manifest, live }) => {
      const id = basename(dir);
      const mine = this.#live.has(id);
      const running = mine || live;
      const state = running ? 'running' : manifest.state === 'running' ? 'interrupted' : manifest.state;
      return { id, manifest, state, mine, progress: this.#live.get(id)?.progress };
    });
  }

  /** @throws Failure `input` when there is no such run or its files are damaged. */
  async read(id: string): Promise<Run> {
    return openRun(this.folderOf(id));
  }

  /** What was run, without its records. @throws Failure `input` as `read`. */
  manifest(id: string): Manifest {
    return readManifest(this.folderOf(id));
  }

  /** Where a run of this id lies. @throws Failure `usage` for what cannot be an id. */
  folderOf(id: string): string {
    if (!/^[\w-][\w.-]{0,99}$/.test(id))
      throw new Failure({ code: 'usage', message: 'This is not the name of a run.' });
    return join(this.#folder, id);
  }

  /** Measures until the run is complete, cancelled or stopped. @throws Failure when measuring could not be done. */
  async measure(id: string, task: Task, { onProgress, ...answers }: MeasureHelp): Promise<void> {
    if (this.#live.has(id)) throw new Failure({ code: 'usage', message: 'This run is being measured already.' });
    const measuring = startMeasuring({
      entry: this.#measureEntry,
      message: task,
      ...answers,
      onProgress: (progress) => {
        const live = this.#live.get(id);
        if (live) live.progress = progress;
        onProgress?.(progress);
        this.#changed.fire();
      },
    });
    this.#live.set(id, { measuring });
    this.#changed.fire();
    try {
      await measuring.done;
    } finally {
      this.#live.delete(id);
      this.#changed.fire();
    }
  }

  /** Keeps what a person said of answers of a run. @throws Failure `usage` while somebody works on the run, `local` when the disk fails. */
  rate(id: string, verdict: PersonVerdict): void {
    const folder = this.folderOf(id);
    if (isLocked(folder)) {
      throw new Failure({
        code: 'usage',
        message: 'This run is being measured or evaluated. Rate its answers when that has ended.',
      });
    }
    addVerdicts(folder, [verdict]);
  }

  /** Ends a run early; what is done is kept. */
  cancel(id: string): void {
    this.#live.get(id)?.measuring.cancel();
  }

  /** Deletes a run with all its files. */
  async remove(id: string): Promise<void> {
    const folder = this.folderOf(id);
    if (this.#live.has(id)) throw new Failure({ code: 'usage', message: 'Cancel this run before deleting it.' });
    if (isLocked(folder)) {
      throw new Failure({
        code: 'usage',
        message: 'Another window measures this run. Cancel it there before deleting it.',
      });
    }
    await rm(folder, { recursive: true, force: true });
    this.#changed.fire();
  }

  dispose(): void {
    for (const { measuring } of this.#live.values()) measuring.cancel();
    this.#changed.dispose();
  }
}
