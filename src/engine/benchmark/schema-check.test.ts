import { expect, it } from 'vitest';
import * as z from 'zod/mini';
import { type RunRecord, recordSchema } from '../../core/benchmark/record.ts';
import { schemaCheck } from './schema-check.ts';

const times = {
  sent: 0.5,
  headers: 1,
  firstEvent: 2,
  firstToken: 2,
  firstVisible: 3,
  lastToken: 4,
  lastChoice: 5,
  end: 6,
};
const error = { code: 'rate-limited', message: 'wait', status: 429, retryAfterMs: 10 } as const;

/** A record with every field that a record can have. */
const full: Required<RunRecord> = {
  id: 'run.1',
  promptId: 'p1',
  endpoint: 'lab',
  model: 'alpha',
  status: 'ok',
  error,
  warmup: true,
  coldStart: false,
  stage: 2,
  session: 1,
  scheduledAt: '2026-11-23T09:00:00.000Z',
  attempts: [
    { times: { sent: 0, end: 1 }, timeout: { ms: 5, basis: 'recent' }, status: 429, error },
    { times, waitedMs: 12, connection: { dnsMs: 1, tcpMs: 2, tlsMs: 3 }, status: 200 },
  ],
  times,
  tokens: { input: 9, cachedInput: 1, cacheWrite: 2, output: 3, reasoning: 1, source: 'server' },
  costUsd: 0.1,
  costAtLeast: true,
  chunks: 3,
  chunkTimes: 'abc',
  finishReason: 'stop',
  servedModel: 'beta',
  transport: 'vscode-lm',
  answer: 'yes',
  answerCut: false,
  simulated: true,
};

const strangers = [undefined, null, 0, -1.5, '', 'no', true, [], {}, [1], { sent: 'x' }, Number.POSITIVE_INFINITY];

/** Every value that differs from `value` in one place. */
function* mutations(value: unknown): Generator<unknown> {
  yield* strangers;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) for (const other of mutations(item)) yield value.with(index, other);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...without } = value as Record<string, unknown>;
      yield without;
      for (const other of mutations(item)) yield { ...value, [key]: other };
    }
    yield { ...value, unheardOf: 1 };
  }
}

it('agrees with the schema on records with one thing wrong, or nothing', () => {
  const check = schemaCheck(recordSchema);
  expect(check(full)).toBe(true);
  const verdicts = { kept: 0, refused: 0 };
  for (const value of mutations(full)) {
    const right = recordSchema.safeParse(value).success;
    if (check(value) !== right) expect.unreachable(`schema: ${right}, for ${JSON.stringify(value)}`);
    verdicts[right ? 'kept' : 'refused']++;
  }
  expect(verdicts.kept).toBeGreaterThan(100);
  expect(verdicts.refused).toBeGreaterThan(500);
});

it('leaves to the schema what it does not know', () => {
  const check = schemaCheck(z.object({ at: z.string().check(z.maxLength(2)), map: z.record(z.string(), z.number()) }));
  expect(check({ at: 'ab', map: { a: 1 } })).toBe(true);
  expect(check({ at: 'abc', map: {} })).toBe(false);
  expect(check({ at: 'ab', map: { a: 'x' } })).toBe(false);
  expect(schemaCheck(z.strictObject({ a: z.number() }))({ a: 1, b: 2 })).toBe(false);
});
