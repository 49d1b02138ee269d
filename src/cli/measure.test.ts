import { expect, it } from 'vitest';
import type { Manifest } from '../core/benchmark/manifest.ts';
import { makePlan } from '../engine/benchmark/testing/run.ts';
import { progressLine, resumption } from './measure.ts';

function stopped(baseUrl: string, fields: Partial<Manifest> = {}): Pick<Manifest, 'plan' | 'stopReason'> {
  const plan = makePlan(baseUrl, { endpoints: [{ id: 'lab', protocol: 'openai', baseUrl, apiKeyEnv: 'LAB_KEY' }] });
  return { plan, ...fields };
}

it('says to resume a run with the configuration that vouches for its keys, where they leave this machine', () => {
  const asked = { dir: 'a run', config: 'my tierwise.json' };
  const beyond = stopped('https://host.example/v1');
  expect(resumption(beyond, asked)).toBe("tierwise resume 'a run' --config 'my tierwise.json'");
  expect(resumption(beyond, { dir: 'run' })).toBe('tierwise resume run --config FILE');
  expect(resumption(stopped('http://127.0.0.1:8000/v1'), asked)).toBe("tierwise resume 'a run'");
});

it('says where a run is', () => {
  const progress = { type: 'progress' as const, done: 1200, total: 5000, errors: 1, inFlight: 4, elapsedMs: 9 };
  const load = { kind: 'open' as const, arrivals: 'poisson' as const, perSecond: 10 };
  expect(progressLine({ ...progress, requestsPerSecond: 9, stage: { number: 2, of: 5, load } })).toBe(
    'stage 2 of 5 at 10/s, Poisson  1,200 of 5,000 requests  1 error  9.00/s',
  );
  const search = { number: 3, load: { kind: 'closed' as const, concurrency: 8 } };
  expect(progressLine({ ...progress, requestsPerSecond: 0, phase: 'warming', stage: search })).toMatch(
    /^warming up {2}stage 3 at 8 in flight {2}/,
  );
  expect(progressLine({ ...progress, requestsPerSecond: 0, phase: 'evaluating' })).toMatch(/^judging .*verdicts/);
  expect(progressLine({ ...progress, requestsPerSecond: 0, phase: 'calibrating' })).toMatch(/^Calibrating/);
});

it('says to raise the ceiling that stopped a run', () => {
  const reached = stopped('http://127.0.0.1:8000/v1', { stopReason: 'cost-ceiling' });
  expect(resumption(reached, { dir: 'run' })).toBe('tierwise resume run --max-cost USD');
  const used = stopped('http://127.0.0.1:8000/v1', { stopReason: 'token-ceiling' });
  expect(resumption(used, { dir: 'run' })).toBe('tierwise resume run --max-tokens-total N');
});
