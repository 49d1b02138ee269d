import type { RunPrompt } from '../benchmark/manifest.ts';
import { Failure } from '../failure.ts';
import type { Prompt } from '../prompts/prompt.ts';
import type { Check } from './check.ts';

type ChecksOfPrompt = NonNullable<RunPrompt['checks']>;

/** Checks in place of those of a run's prompts, by the prompt's id. */
export type GivenChecks = { prompt: string; checks: ChecksOfPrompt }[];

/**
 * The checks of a data set for the run's prompts of the same ids, each with the value that its row's reference gives it. Throws
 * an `input` failure where it has none of them.
 */
export function checksFor(rows: readonly Prompt[], prompts: readonly RunPrompt[]): GivenChecks {
  const ids = new Set(prompts.map(({ id }) => id));
  const found = rows.flatMap(({ id, reference, checks = [] }) =>
    ids.has(id) && checks.length > 0
      ? [{ prompt: id, checks: checks.map((check) => withReference(check, reference)) }]
      : [],
  );
  if (found.length > 0) return found;
  throw new Failure({
    code: 'input',
    message: 'The data set has no checks for any prompt of the run. Its rows need the ids of the run’s prompts.',
  });
}

/** The run's prompts as they are checked then. */
export function withChecks(prompts: readonly RunPrompt[], checks: GivenChecks): RunPrompt[] {
  const of = new Map(checks.map((one) => [one.prompt, one.checks]));
  return prompts.map((prompt) => ({ ...prompt, checks: of.get(prompt.id) ?? prompt.checks }));
}

/** A check that leaves its value to the row's reference gets it: the run's prompt may have another reference, or none. */
function withReference(check: Check, reference: string | undefined): Check {
  if (reference === undefined) return check;
  switch (check.type) {
    case 'contains':
      return { ...check, value: check.value ?? reference };
    case 'equals':
    case 'similarity':
      return { ...check, value: check.value ?? reference };
    case 'number': {
      const value = Number(reference);
      return check.value === undefined && Number.isFinite(value) ? { ...check, value } : check;
    }
    default:
      return check;
  }
}
