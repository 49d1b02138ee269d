import { createHash } from 'node:crypto';
import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan } from '../../core/benchmark/plan.ts';

/** SHA-256 (hex) of what a run does: its plan and prompts, whatever order their fields stand in. */
export function configHash(plan: Plan, prompts: readonly RunPrompt[]): string {
  const hash = createHash('sha256').update(canonical(plan));
  for (const prompt of prompts) hash.update('\n').update(canonical(prompt));
  return hash.digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
