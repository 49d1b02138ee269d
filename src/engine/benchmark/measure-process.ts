import { version as undiciVersion } from 'undici/package.json';
import { Failure } from '../../core/failure.ts';
import { type FromMeasure, type MeasureTask, type ToMeasure, toMeasureSchema } from '../../protocol/measure.ts';
import { serveTruth, trueProcessArgument } from '../calibration/true-process.ts';
import { redact } from '../http/redact.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { evaluateAgain } from './judging.ts';
import { ParentChannel } from './parent.ts';
import { resumeRun, startRun } from './session.ts';

// The measuring process: measures one run and ends. It is forked, and told what to do, by measuring.ts.

const cancelling = new AbortController();
const parent = new ParentChannel((message) => tell(message));
let task: MeasureTask | undefined;

function cancel(): void {
  cancelling.abort();
  parent.giveUp();
}

async function work(task: MeasureTask): Promise<void> {
  const session = {
    runDir: task.runDir,
    keys: task.keys,
    script: process.argv[1],
    versions: { tierwise: task.version, node: process.versions.node, undici: undiciVersion },
    async connect(connections: number) {
      // Loaded before the first request, so that loading is in nobody's time.
      await import('undici');
      return createUndiciTransport({ network: task.network, connections });
    },
    parent,
    signal: cancelling.signal,
    onProgress: tell,
  };
  if (task.type === 'start') await startRun({ ...session, ...task });
  else if (task.type === 'resume') await resumeRun({ ...session, ...task });
  else await evaluateAgain({ ...session, ...task });
}

function tell(message: FromMeasure, after?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => after?.());
  else after?.();
}

/** Says how it ended and leaves; the parent reads the rest from the folder. */
function end(message: FromMeasure): void {
  tell(message, () => process.exit(message.type === 'done' ? 0 : 1));
}

function fail(error: unknown): void {
  if (error instanceof Failure) {
    end({ type: 'failed', code: error.code, message: error.message });
    return;
  }
  const what = redact(
    String(error),
    (task?.keys ?? []).map(({ key }) => key),
  );
  end({
    type: 'failed',
    code: 'local',
    message: `A defect in Tierwise ended the measuring process: ${what}. What was finished is kept; please report this.`,
  });
}

function isTask(message: ToMeasure): message is MeasureTask {
  return message.type === 'start' || message.type === 'resume' || message.type === 'evaluate';
}

/** Takes tasks from the parent. */
function listen(): void {
  // Ctrl-C reaches all processes of a terminal; the parent decides what it means.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', cancel);
  process.on('SIGHUP', cancel);
  process.on('disconnect', cancel);
  process.on('uncaughtException', fail);
  process.on('message', (value) => {
    const message = toMeasureSchema.safeParse(value);
    if (!message.success) {
      fail(new Failure({ code: 'local', message: 'The measuring process did not understand its task.' }));
    } else if (message.data.type === 'cancel') cancel();
    else if (!isTask(message.data)) parent.receive(message.data);
    else if (!task) {
      task = message.data;
      work(task).then(() => end({ type: 'done' }), fail);
    }
  });

  if (process.send === undefined) {
    process.stderr.write('This program is started by Tierwise. Type: tierwise bench --help\n');
    process.exitCode = 2;
  }
}

// Forked by itself, for the simulator that it calibrates against.
const [, , argument, shape] = process.argv;
if (argument === trueProcessArgument) void serveTruth(shape);
else listen();
