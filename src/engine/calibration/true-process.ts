import { fork } from 'node:child_process';
import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import type { SimulatorAddresses } from '../simulator/server.ts';

/** The argument that turns the measuring process's script into the process of the simulator. */
export const trueProcessArgument = 'true-process';

const shapeSchema = z.object({
  /** Median ms from a request's arrival to its first token; single requests differ, as those of a model do. */
  ttftMs: z.number(),
  msPerToken: z.number(),
  /** Tokens of each answer. */
  tokens: z.number(),
});
const toldSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('addresses'), addresses: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('truth'), entries: z.array(z.tuple([z.string(), z.number(), z.number()])) }),
]);

/** How answers of the model `rehearsed` come. */
export type AnswerShape = z.infer<typeof shapeSchema>;

/** When the first and the last token of an answer were written, ms from its request's arrival; by request id. */
export type Truth = ReadonlyMap<string, readonly [firstMs: number, lastMs: number]>;

export interface TrueProcess {
  /** Base URLs by protocol. Its models: `rehearsed`, and `instant`, which does not wait. */
  readonly addresses: SimulatorAddresses;
  /** Of all answers that have ended since the last question. */
  truth(): Promise<Truth>;
  /** Resolves when the process is gone. */
  close(): Promise<void>;
}

/** The other end: serves, and tells the truth when it is asked, until the process that forked it lets go. */
export async function serveTruth(shapeText: string | undefined): Promise<void> {
  // Ctrl-C reaches all processes of a terminal; this one ends with the measuring process.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit());
  const shape = shapeSchema.parse(JSON.parse(shapeText ?? ''));
  const { startSimulator } = await import('../simulator/server.ts');
  let entries: [string, number, number][] = [];
  const { addresses } = await startSimulator({
    profiles: [
      {
        id: 'rehearsed',
        description: 'Answers like those of the run',
        // Spread, because answers that all take the same time come in waves, which no model's do.
        ttftMs: { median: shape.ttftMs, sigma: 0.25 },
        msPerToken: { median: shape.msPerToken, sigma: 0.1 },
        outputTokens: { median: shape.tokens, sigma: 0 },
        inputPrice: 0,
        outputPrice: 0,
        contextWindow: 10_000_000,
        skill: 1,
        errorRate: 0,
      },
    ],
    truth({ requestId, firstTokenMs, lastTokenMs }) {
      if (firstTokenMs !== undefined && lastTokenMs !== undefined) entries.push([requestId, firstTokenMs, lastTokenMs]);
    },
  });
  process.on('message', () => {
    process.send?.({ type: 'truth', entries });
    entries = [];
  });
  process.send?.({ type: 'addresses', addresses });
}

/**
 * Forks `script`, the measuring process's own, as a simulator that tells the truth. Resolves when it serves.
 * `signal` ends it and whatever waits for it. @throws Failure `local` when it cannot be started or dies.
 */
export async function startTrueProcess(script: string, shape: AnswerShape, signal: AbortSignal): Promise<TrueProcess> {
  const child = fork(script, [trueProcessArgument, JSON.stringify(shape)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  const close = async () => {
    signal.removeEventListener('abort', kill);
    kill();
    await gone;
  };
  const next = <T extends z.infer<typeof toldSchema>['type']>(type: T) =>
    new Promise<Extract<z.infer<typeof toldSchema>, { type: T }>>((resolve, reject) => {
      child.once('message', (value) => {
        const told = toldSchema.safeParse(value);
        if (told.data?.type === type) resolve(told.data as Extract<z.infer<typeof toldSchema>, { type: T }>);
        else reject(ended());
      });
      void gone.then(() => reject(ended()));
    });
  if (signal.aborted) kill();
  try {
    const { addresses } = await next('addresses');
    return {
      addresses: addresses as SimulatorAddresses,
      async truth() {
        const told = next('truth');
        child.send('truth', () => {});
        return new Map((await told).entries.map(([id, first, last]) => [id, [first, last]]));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function ended(): Failure {
  return new Failure({ code: 'local', message: 'The simulator to calibrate against could not be started.' });
}
