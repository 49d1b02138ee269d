/** What a command sees of the process. main.ts makes the real one; nothing else touches stdout, stderr or the environment. */
export interface Terminal {
  /** Data for a person or the next program. Resolves when more can be taken. */
  out(text: string): Promise<void>;
  /** One line of log for a person, on stderr; ends a line of progress first. */
  note(line: string): void;
  /** Replaces the line of progress on stderr; where stderr is no terminal, prints one line every few seconds. */
  progress(line: string): void;
  /** The answer to a yes/no question; undefined where nobody can be asked. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Aborted by Ctrl-C, SIGTERM, and the end of a parent that has a channel. A command that never asks simply dies of them. */
  readonly interrupted: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True when nothing is piped in: reading would wait for a person to type. */
  readonly inputIsKeyboard: boolean;
}

/** Exit codes that scripts may rely on. */
export const exit = { done: 0, gateFailed: 1, wrongUse: 2, endpoint: 3, defect: 70, interrupted: 130 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/** Milliseconds between two lines of progress where stderr is no terminal. */
const PROGRESS_EVERY_MS = 5000;

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, stdin, env } = process;
  let interrupt: AbortController | undefined;
  let progressShown = false;
  let progressAt = Number.NEGATIVE_INFINITY;

  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `| head` has seen enough; nothing is wrong.
    if (error.code === 'EPIPE') process.exit(exit.done);
    stderr.write(`tierwise: cannot write the output: ${error.code === 'ENOSPC' ? 'the disk is full' : error.code}.\n`);
    process.exit(exit.wrongUse);
  });
  stderr.on('error', () => {});

  const clearProgress = () => {
    if (progressShown) stderr.write('\r\u001b[2K');
    progressShown = false;
  };

  return {
    out: (text) =>
      new Promise((resolve) => {
        clearProgress();
        if (stdout.write(text)) resolve();
        else stdout.once('drain', resolve);
      }),
    note(line) {
      clearProgress();
      stderr.write(`${line}\n`);
    },
    progress(line) {
      if (stderr.isTTY) {
        stderr.write(`\r\u001b[2K${line.slice(0, (stderr.columns || 80) - 1)}`);
        progressShown = true;
      } else if (performance.now() - progressAt >= PROGRESS_EVERY_MS) {
        progressAt = performance.now();
        stderr.write(`${line}\n`);
      }
    },
    async confirm(question) {
      if (!stdin.isTTY || !stderr.isTTY) return undefined;
      const { createInterface } = await import('node:readline/promises');
      const prompt = createInterface({ input: stdin, output: stderr });
      const answer = new Promise<string>((resolve, reject) => {
        prompt.on('SIGINT', () => process.exit(exit.interrupted));
        prompt.on('close', () => resolve(''));
        prompt.question(`${question} [y/N] `).then(resolve, reject);
      });
      try {
        return /^y(es)?$/i.test((await answer).trim());
      } finally {
        prompt.close();
      }
    },
    get interrupted() {
      interrupt ??= listenForInterrupt();
      return interrupt.signal;
    },
    env,
    inputIsKeyboard: stdin.isTTY === true,
  };
}

function listenForInterrupt(): AbortController {
  const interrupt = new AbortController();
  const listener = () => {
    // The second one is meant: leave at once.
    if (interrupt.signal.aborted) process.exit(exit.interrupted);
    interrupt.abort();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  if (process.channel !== undefined) process.once('disconnect', () => interrupt.abort());
  return interrupt;
}
