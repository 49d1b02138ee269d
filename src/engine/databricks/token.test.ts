import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { type AccessToken, createTokenSource } from './token.ts';

/** A source whose tokens are t1, t2, … and live for an hour, with a clock that a test moves. */
function source({ lifeMs = 3_600_000 }: { lifeMs?: number | undefined } = {}) {
  const state = { now: 1_000_000, asked: 0, gate: Promise.resolve() as Promise<unknown>, fails: false };
  const tokens = createTokenSource({
    origin: 'https://w.example',
    kind: 'oauth-m2m',
    described: 'service principal',
    now: () => state.now,
    fetch: async (): Promise<AccessToken> => {
      const count = ++state.asked;
      await state.gate;
      if (state.fails) throw new Failure({ code: 'auth', message: 'refused' });
      return { token: `t${count}`, expiresAt: lifeMs === Number.POSITIVE_INFINITY ? undefined : state.now + lifeMs };
    },
  });
  const next = async () => (await tokens.token()).token;
  return { state, tokens, next };
}

describe('a source of tokens', () => {
  it('keeps a token until a minute before it expires', async () => {
    const { state, next } = source();
    expect([await next(), await next()]).toEqual(['t1', 't1']);
    state.now += 3_600_000 - 60_001;
    expect(await next()).toBe('t1');
    state.now += 1;
    expect([await next(), await next()]).toEqual(['t2', 't2']);
  });

  it('keeps a token for good that does not say when it expires', async () => {
    const { state, next } = source({ lifeMs: Number.POSITIVE_INFINITY });
    await next();
    state.now += 1e12;
    expect(await next()).toBe('t1');
  });

  it('hands out a token that lives for less than a minute, and asks again next time', async () => {
    const { next } = source({ lifeMs: 30_000 });
    expect([await next(), await next()]).toEqual(['t1', 't2']);
  });

  it('asks once for all who wait', async () => {
    const { state, tokens } = source();
    const all = await Promise.all(Array.from({ length: 50 }, () => tokens.token()));
    expect(new Set(all.map(({ token }) => token))).toEqual(new Set(['t1']));
    expect(state.asked).toBe(1);
  });

  it('forgets a token that was refused once, however many report it', async () => {
    const { state, tokens, next } = source();
    await next();
    for (let i = 0; i < 10; i++) {
      tokens.invalidate('t1');
      await next();
    }
    expect(state.asked).toBe(2);
    tokens.invalidate();
    expect(await next()).toBe('t3');
  });

  it('asks again after a failure', async () => {
    const { state, next } = source();
    state.fails = true;
    await expect(next()).rejects.toThrow('refused');
    state.fails = false;
    expect(await next()).toBe('t2');
  });

  it('lets one caller give up without taking the token from the others', async () => {
    const { state, tokens } = source();
    let open = () => {};
    state.gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const giving = new AbortController();
    const impatient = tokens.token(giving.signal);
    const patient = tokens.token();
    giving.abort();
    await expect(impatient).rejects.toMatchObject({ code: 'cancelled' });
    open();
    expect((await patient).token).toBe('t1');
    await expect(tokens.token(giving.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('shows no token when it is printed', async () => {
    const { tokens, next } = source();
    await next();
    expect(JSON.stringify(tokens)).toBe(
      '{"origin":"https://w.example","kind":"oauth-m2m","described":"service principal"}',
    );
  });
});
