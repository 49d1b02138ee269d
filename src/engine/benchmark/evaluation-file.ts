import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import { planSchema } from '../../core/benchmark/plan.ts';
import { Failure } from '../../core/failure.ts';
import { checkSchema } from '../../core/quality/check.ts';
import { diskFailure } from './disk.ts';

/** How a run is judged now, where that is not as its plan says: `evaluation.json`. */
export const evaluationFileSchema = z.object({
  evaluation: planSchema.shape.evaluation,
  /** Endpoints of judge and embedding model that the plan does not have. */
  endpoints: z.optional(planSchema.shape.endpoints),
  /** In place of a prompt's own. */
  checks: z.optional(z.array(z.object({ prompt: z.string(), checks: z.array(checkSchema) }))),
  /**
   * What evaluations before this one took, whose outcomes lie in files beside: USD as far as known, calls of unknown cost, USD
   * and tokens at most.
   */
  earlier: z.optional(
    z.object({ knownUsd: z.number(), unknownCost: z.optional(z.number()), usd: z.number(), tokens: z.number() }),
  ),
});

export type EvaluationFile = z.infer<typeof evaluationFileSchema>;

export function evaluationPath(dir: string): string {
  return join(dir, 'evaluation.json');
}

/** Undefined: the plan's own holds. @throws Failure `input` when it is damaged */
export function readEvaluation(dir: string): EvaluationFile | undefined {
  const path = evaluationPath(dir);
  if (!existsSync(path)) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw diskFailure('read', path, cause);
  }
  try {
    return evaluationFileSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${path} is damaged. Put back a good copy, or delete it and evaluate the run again.`;
    throw new Failure({ code: 'input', message }, { cause });
  }
}

/**
 * A run as it is judged now: its plan's evaluation and endpoints and its prompts' checks, or what stands in their place. For
 * readers; the hash of a run is that of its own plan.
 */
export function asEvaluated<M extends Pick<Manifest, 'plan'>>(
  { manifest, prompts }: { readonly manifest: M; readonly prompts: readonly RunPrompt[] },
  file: EvaluationFile | undefined,
): { manifest: M; prompts: RunPrompt[] } {
  if (!file) return { manifest, prompts: [...prompts] };
  const own = new Set(manifest.plan.endpoints.map(({ id }) => id));
  const endpoints = [...manifest.plan.endpoints, ...(file.endpoints ?? []).filter(({ id }) => !own.has(id))];
  const checks = new Map(file.checks?.map((each) => [each.prompt, each.checks]));
  return {
    manifest: { ...manifest, plan: { ...manifest.plan, endpoints, evaluation: file.evaluation } },
    prompts: prompts.map((prompt) => (checks.has(prompt.id) ? { ...prompt, checks: checks.get(prompt.id) } : prompt)),
  };
}
