import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { RunPrompt } from '../../../core/benchmark/manifest.ts';
import type { Plan } from '../../../core/benchmark/plan.ts';
import type { BoundKey, ToMeasure } from '../../../protocol/measure.ts';

/** Builds the measuring process as it is shipped, into `dir`, and returns its script. */
export async function buildMeasureProcess(dir: string): Promise<string> {
  const outfile = join(dir, 'measure.js');
  await build({
    entryPoints: ['src/engine/benchmark/measure-process.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  return outfile;
}

export function makeFolder(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'tierwise-run-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Prompts of 30 bytes each. */
export function makePrompts(count: number): RunPrompt[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `p${index + 1}`;
    return { id, text: `${id} `.padEnd(30, '.'), tokens: 9, score: index / count, tier: 'simple' };
  });
}

export function makePlan(baseUrl: string, plan: Partial<Plan> = {}): Plan {
  return {
    endpoints: [{ id: 'lab', protocol: 'openai', baseUrl }],
    models: [{ endpoint: 'lab', model: 'alpha', inputPrice: 1, outputPrice: 2 }],
    concurrency: 4,
    requests: 10,
    warmup: 0,
    maxTokens: 16,
    stream: true,
    timeoutMs: 10_000,
    keepAnswers: true,
    seed: 1,
    ...plan,
  };
}

export function startMessage(
  runDir: string,
  plan: Plan,
  prompts: RunPrompt[],
  keys: BoundKey[] = [],
): Extract<ToMeasure, { type: 'start' }> {
  return { type: 'start', runDir, title: 'test', plan, prompts, keys, network: { strictSsl: true }, version: '0.0.0' };
}

export function resumeMessage(runDir: string): Extract<ToMeasure, { type: 'resume' }> {
  return { type: 'resume', runDir, keys: [], network: { strictSsl: true }, version: '0.0.0' };
}

/** Ids of the whole records in a run's folder, as they stand there. */
export function recordedIds(dir: string): string[] {
  return readFileSync(join(dir, 'records.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).id);
}
