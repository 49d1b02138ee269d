import type { RunPrompt } from '../benchmark/manifest.ts';
import type { Plan } from '../benchmark/plan.ts';
import { counted } from '../numbers.ts';

/** What of a plan's checks and judging cannot be decided, in sentences with what to do; told before anything is sent. */
export function undecidable(
  { evaluation, keepAnswers }: Pick<Plan, 'evaluation' | 'keepAnswers'>,
  prompts: readonly Pick<RunPrompt, 'checks'>[],
): string[] {
  const checked = prompts.filter(({ checks = [] }) => checks.length > 0).length;
  if (!keepAnswers && (checked > 0 || evaluation !== undefined)) {
    return ['Answers are not kept, so nothing can be checked or judged. Keep them to learn about quality.'];
  }
  const similar = prompts.filter(({ checks = [] }) => checks.some(({ type }) => type === 'similarity')).length;
  if (similar === 0 || evaluation?.embedding !== undefined) return [];
  return [
    `The checks of similarity (${counted(similar, 'prompt')}) cannot be decided, and whether those answers pass neither: no embedding model is named. Name one, or take these checks out.`,
  ];
}
