import { expect, it } from 'vitest';
import type { Manifest } from '../core/benchmark/manifest.ts';
import { makePlan } from '../engine/benchmark/testing/run.ts';
import { resumption } from './measure.ts';

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

it('says to raise the ceiling that stopped a run', () => {
  const reached = stopped('http://127.0.0.1:8000/v1', { stopReason: 'cost-ceiling' });
  expect(resumption(reached, { dir: 'run' })).toBe('tierwise resume run --max-cost USD');
  const used = stopped('http://127.0.0.1:8000/v1', { stopReason: 'token-ceiling' });
  expect(resumption(used, { dir: 'run' })).toBe('tierwise resume run --max-tokens-total N');
});
