import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { nothingEarlier, startRequests } from './runner.ts';
import { Targets } from './targets.ts';
import { makePlan, makePrompts } from './testing/run.ts';

const plan = makePlan('http://127.0.0.1:9/v1');

function expired(): BoundKey {
  return { endpoint: 'lab', origin: 'http://127.0.0.1:9', key: 'sk-test-0123456789', expiresAt: Date.now() - 1 };
}

/** Whoever is asked never answers: a program that signs in waits for a person. */
const silent = { freshKey: () => new Promise<never>(() => {}) };

describe('waiting for a new key', () => {
  it('ends when the request is given up, and not for another that waits too', async () => {
    let give: (key: BoundKey) => void = () => {};
    const targets = new Targets(plan, [expired()], {
      freshKey: () =>
        new Promise<BoundKey>((resolve) => {
          give = resolve;
        }),
    });
    const giveUp = new AbortController();
    const given = targets.fresh('lab', giveUp.signal);
    const patient = targets.fresh('lab');
    giveUp.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    give({ ...expired(), key: 'sk-test-new-0123456789', expiresAt: Date.now() + 3_600_000 });
    expect((await patient).key?.key).toBe('sk-test-new-0123456789');
  });

  it('does not hold up a run whose disk is full', async () => {
    const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 1 });
    const disk = new AbortController();
    const running = startRequests({
      runId: 'run',
      plan,
      prompts: makePrompts(2),
      keys: [expired()],
      transport,
      parent: { ...silent, ask: () => Promise.reject(new Error('not asked')) },
      earlier: nothingEarlier,
      session: 0,
      signal: disk.signal,
      onStage() {},
      onSend() {},
      onRecord() {},
    });
    disk.abort(new Failure({ code: 'local', message: 'The disk is full.' }));
    expect(await running.ended).toMatchObject({ stopReason: 'disk', stopMessage: 'The disk is full.' });
    await transport.close();
  });
});
