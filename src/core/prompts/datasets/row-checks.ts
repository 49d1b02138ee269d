import { type Check, checkSchema } from '../../quality/check.ts';
import { plainText } from '../plain-text.ts';
import { kindOf } from './fields.ts';
import { applyTemplate, hasPlaceholder, type Variables } from './template.ts';

/** A row with more checks is a mistake. */
const maxChecks = 100;

/** The fields that each type of check has. */
const fieldsOf: ReadonlyMap<string, readonly string[]> = new Map(
  checkSchema._zod.def.options.map(({ shape }) => [
    [...(shape.type._zod.def.values as string[])].join(),
    Object.keys(shape),
  ]),
);

/** The types of checks there are. */
export const checkTypes: readonly string[] = [...fieldsOf.keys()];

/**
 * The checks that a data set gives as a list, or as that list's JSON in a cell; a sentence when one of them is wrong, with
 * its place in the list, its field and how to mend it.
 */
export function readChecks(given: unknown): Check[] | string {
  let list = given;
  if (typeof given === 'string') {
    try {
      list = JSON.parse(given);
    } catch {
      return `"checks" is no JSON. Write a list: [{"type": "contains", "value": "…"}].`;
    }
  }
  if (!Array.isArray(list)) return `"checks" is ${kindOf(list)}. Write a list: [{"type": "contains", "value": "…"}].`;
  if (list.length > maxChecks) return `There are ${list.length} checks; a row has at most ${maxChecks}.`;
  const checks: Check[] = [];
  for (const [at, item] of (list as unknown[]).entries()) {
    const check = readCheck(item);
    if (typeof check === 'string') return `Check ${at + 1}${check}`;
    checks.push(check);
  }
  return checks;
}

/** One check; else the rest of a sentence that begins with its name. */
function readCheck(item: unknown): Check | string {
  const shape = 'Write {"type": "contains", "value": "…"}.';
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return ` is ${kindOf(item)}. ${shape}`;
  const { type } = item as { type?: unknown };
  if (type === undefined) return ` has no "type". ${shape} There are ${checkTypes.join(', ')}.`;
  const fields = typeof type === 'string' ? fieldsOf.get(type) : undefined;
  if (fields === undefined) {
    const shown = typeof type === 'string' ? `"${plainText(type, 40)}"` : kindOf(type);
    return ` has the type ${shown}, which there is not. There are ${checkTypes.join(', ')}.`;
  }
  const unknown = Object.keys(item).find((field) => !fields.includes(field));
  if (unknown !== undefined) {
    return ` (${type}) has no field "${plainText(unknown, 40)}". It may have ${fields.slice(1).join(', ')}.`;
  }
  const { data, error } = checkSchema.safeParse(item);
  if (data === undefined) {
    const [issue] = error.issues;
    const field = String(issue?.path[0] ?? 'type');
    const found = kindOf((item as Record<string, unknown>)[field]);
    const is = field in item ? `is ${found}` : 'is missing';
    return ` (${type}): "${field}" ${is}. Give ${wordsFor(issue)}.`;
  }
  const wrong = wrongValue(data);
  return wrong === undefined ? data : ` (${type}): ${wrong}`;
}

function wordsFor(issue: unknown): string {
  const { expected, code } = (issue ?? {}) as { expected?: unknown; code?: unknown };
  if (code === 'invalid_union') return 'a text or a list of texts';
  if (expected === 'number') return 'a number';
  if (expected === 'boolean') return 'true or false';
  return expected === 'record' || expected === 'object' ? 'an object' : 'a text';
}

/** What the schema's types let pass. */
function wrongValue(check: Check): string | undefined {
  if (check.weight !== undefined && !(check.weight >= 0)) return '"weight" is below 0. Give 0 or more.';
  switch (check.type) {
    case 'regex':
      return wrongPattern(check.pattern, check.flags);
    case 'contains':
      return Array.isArray(check.value) && check.value.length === 0
        ? '"value" is an empty list. Give at least one text.'
        : undefined;
    case 'number':
      if (check.tolerance !== undefined && check.tolerance < 0) return '"tolerance" is below 0. Give 0 or more.';
      return check.relative !== undefined && check.relative < 0 ? '"relative" is below 0. Give 0 or more.' : undefined;
    case 'similarity':
      return check.least < -1 || check.least > 1 ? '"least" is a cosine: give a number from -1 to 1.' : undefined;
    case 'max-tokens':
      return check.most < 1 ? '"most" is below 1. Give a number of tokens.' : undefined;
    default:
      return undefined;
  }
}

/** What is wrong with a regular expression; it is compiled, and matched against nothing. */
function wrongPattern(pattern: string, flags: string | undefined): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return `"pattern" cannot be read: ${plainText((error as Error).message, 200)}. Mend it; a backslash is written twice in JSON.`;
  }
}

/** The checks with the variables put into their values; a sentence when one is missing, when a check needs a reference, or has a place for a variable where none is put. */
export function filledChecks(
  checks: readonly Check[],
  variables: Variables,
  reference: string | undefined,
): readonly Check[] | string {
  const filled: Check[] = [];
  for (const [at, check] of checks.entries()) {
    const problem = (text: string): string => `Check ${at + 1} (${check.type}): ${text}`;
    const fixed = check.type === 'regex' ? check.pattern : check.type === 'json-schema' && JSON.stringify(check.schema);
    if (fixed && hasPlaceholder(fixed)) {
      return problem(
        'it has a place for a variable, and none is put into patterns and schemas. Write it out; for the braces themselves write [{][{].',
      );
    }
    if (!('value' in check) || check.value === undefined) {
      if (needsValue(check) && reference === undefined) {
        return problem('there is no "value" and the row has no reference. Give one of them.');
      }
      filled.push(check);
    } else if (check.type === 'number') filled.push(check);
    else {
      const values: string[] = [];
      for (const value of typeof check.value === 'string' ? [check.value] : check.value) {
        const result = applyTemplate(value, variables);
        if (result.problem !== undefined) return problem(result.problem);
        values.push(result.text);
      }
      const [only = ''] = values;
      if (check.type === 'contains') filled.push({ ...check, value: Array.isArray(check.value) ? values : only });
      else filled.push({ ...check, value: only });
    }
  }
  return filled;
}

function needsValue({ type }: Check): boolean {
  return type === 'equals' || type === 'contains' || type === 'number' || type === 'similarity';
}
