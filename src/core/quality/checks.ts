import { Validator } from '@cfworker/json-schema';
import type { RecordTokens } from '../benchmark/record.ts';
import type { Check } from './check.ts';
import { codeLanguage } from './code-language.ts';
import { codeBlocks } from './fences.ts';
import { canTell, languageOf } from './language.ts';
import { type NumberRead, numberOf } from './numbers.ts';
import type { Called } from './outcome.ts';
import { refusalIn } from './refusal.ts';

/** What a check looks at. */
export interface Checked {
  readonly answer: string;
  /** What a good answer says; stands in for a check's own value. */
  readonly reference?: string | undefined;
  readonly tokens?: Pick<RecordTokens, 'output' | 'source'> | undefined;
}

/** What came of a check. */
export interface CheckResult {
  /** In [0,1]; absent: it could not be decided. */
  readonly score?: number | undefined;
  /** Why it failed, or could not be decided; what was measured, where something was. */
  readonly why?: string | undefined;
  /** What asking the embedding model took. */
  readonly called?: Called | undefined;
}

/** What checks need and core cannot do. */
export interface CheckTools {
  /**
   * Does synchronous work whose time a stranger decides on; undefined: it took too long and was stopped, or what it is done with
   * was given up, as it took too long several times. What it throws goes through.
   */
  limited<T>(work: () => T, stranger: string): { readonly value: T } | undefined;
  /** Whether code in a language (as `codeLanguage` names it) can be parsed; nothing is executed. Undefined: there is no grammar for it. */
  parses(language: string, code: string): Promise<boolean | undefined>;
  /** Cosine similarity of two texts in [-1,1], or why there is none. */
  similarity(
    a: string,
    b: string,
  ): Promise<{
    readonly cosine?: number | undefined;
    readonly why?: string | undefined;
    readonly called?: Called | undefined;
  }>;
}

/**
 * Whether an answer keeps a check: 1 or 0, turned round by `not`. What cannot be decided has no score, with or without
 * `not`, and says why: a pattern that takes too long, a language without a grammar, a value that is missing.
 */
export async function runCheck(check: Check, checked: Checked, tools: CheckTools): Promise<CheckResult> {
  const { score, why, called } = await decide(check, checked, tools);
  if (score === undefined || check.not !== true) return { score, why, called };
  return { score: 1 - score, why: why ?? (score === 1 ? 'It does, and must not.' : undefined), called };
}

/** What a check is called in reports. */
export function checkName(check: Check): string {
  return check.name ?? (check.not === true ? `not ${check.type}` : check.type);
}

/** Whether a check can be decided without the answer's text. */
export function needsAnswer(check: Check): boolean {
  return check.type !== 'max-tokens';
}

function decide(check: Check, checked: Checked, tools: CheckTools): CheckResult | Promise<CheckResult> {
  const { answer } = checked;
  switch (check.type) {
    case 'equals':
      return equals(check, checked);
    case 'contains':
      return contains(check, checked);
    case 'regex':
      return matches(check, answer, tools);
    case 'json':
      return jsonOf(answer) ? pass : fail('Neither the answer nor its first fenced block is JSON.');
    case 'json-schema':
      return keepsSchema(check.schema, answer, tools);
    case 'number':
      return isNumber(check, checked);
    case 'code':
      return code(check.language, answer, tools);
    case 'similarity':
      return similar(check, checked, tools);
    case 'max-tokens':
      return maxTokens(check.most, checked.tokens);
    case 'refusal':
      return refusalIn(answer) === undefined ? fail('The model does not decline.') : pass;
    case 'language':
      return inLanguage(check.language, answer);
  }
}

const pass: CheckResult = { score: 1 };
const fail = (why: string): CheckResult => ({ score: 0, why });
const undecided = (why: string): CheckResult => ({ why });
const noValue = undecided('Undecided: the check has no value, and its prompt no reference.');

/**
 * Text as it is compared: canonically composed (NFC), without white space at its ends. With `ignoreCase` letters that
 * differ in case only are one, `ß` and `ss` and both small sigmas included.
 */
export function comparable(text: string, ignoreCase = false): string {
  const composed = text.trim().normalize('NFC');
  return ignoreCase ? composed.toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC') : composed;
}

function equals(
  { value, ignoreCase }: Extract<Check, { type: 'equals' }>,
  { answer, reference }: Checked,
): CheckResult {
  const wanted = value ?? reference;
  if (wanted === undefined) return noValue;
  return comparable(answer, ignoreCase) === comparable(wanted, ignoreCase)
    ? pass
    : fail(`The answer is not ${quoted(wanted)}.`);
}

function contains(
  { value, all, ignoreCase }: Extract<Check, { type: 'contains' }>,
  { answer, reference }: Checked,
): CheckResult {
  const values = [value ?? reference ?? []].flat().filter((each) => each.trim() !== '');
  if (values.length === 0) return noValue;
  const text = comparable(answer, ignoreCase);
  const missing = values.filter((each) => !text.includes(comparable(each, ignoreCase)));
  if (all === true ? missing.length === 0 : missing.length < values.length) return pass;
  return fail(
    `The answer lacks ${missing
      .slice(0, 5)
      .map(quoted)
      .join(all === true ? ' and ' : ' or ')}.`,
  );
}

function matches(
  { pattern, flags = '' }: Extract<Check, { type: 'regex' }>,
  answer: string,
  tools: CheckTools,
): CheckResult {
  let expression: RegExp;
  try {
    // What a match remembers, or where it must begin, is of no use to a check.
    expression = new RegExp(pattern, flags.replace(/[gy]/g, ''));
  } catch (error) {
    return undecided(`Undecided: the pattern is none (${messageOf(error)}).`);
  }
  const found = tools.limited(() => expression.test(answer), `${flags} ${pattern}`);
  if (!found) return undecided('Undecided: the pattern took too long, for this answer or for several others.');
  return found.value ? pass : fail(`Nothing in the answer matches ${quoted(pattern)}.`);
}

/** The JSON that an answer is, or else that its first fenced block is. */
function jsonOf(answer: string): { readonly value: unknown } | undefined {
  const [block] = codeBlocks(answer);
  return parsed(answer) ?? (block && parsed(block.code));
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function keepsSchema(schema: Record<string, unknown>, answer: string, tools: CheckTools): CheckResult {
  const json = jsonOf(answer);
  if (!json) return fail('Neither the answer nor its first fenced block is JSON.');
  try {
    // A schema's patterns are a stranger's, too, and so is the depth of both.
    const checked = tools.limited(
      () => new Validator(schema as object, draftOf(schema)).validate(json.value),
      JSON.stringify(schema),
    );
    if (!checked) return undecided('Undecided: the schema took too long, for this answer or for several others.');
    if (checked.value.valid) return pass;
    const [worst] = checked.value.errors.slice(-1);
    return fail(
      `The JSON breaks the schema at ${(worst?.instanceLocation ?? '#').slice(0, 200)}: ${worst?.error.slice(0, 200)}`,
    );
  } catch (error) {
    return undecided(`Undecided: the schema cannot be applied (${messageOf(error)}).`);
  }
}

function draftOf({ $schema }: Record<string, unknown>): '4' | '7' | '2019-09' | '2020-12' {
  const name = typeof $schema === 'string' ? $schema : '';
  if (/draft-0[46]/.test(name)) return name.includes('04') ? '4' : '7';
  if (name.includes('draft-07')) return '7';
  return name.includes('2019-09') ? '2019-09' : '2020-12';
}

function isNumber(check: Extract<Check, { type: 'number' }>, { answer, reference }: Checked): CheckResult {
  const wanted = check.value === undefined ? reference && numberOf(reference) : { value: check.value, percent: false };
  if (!wanted) {
    return reference === undefined ? noValue : undecided('Undecided: the reference holds no number.');
  }
  const given = numberOf(answer);
  if (!given) return fail('There is no number in the answer.');
  const allowed = Math.max(check.tolerance ?? 0, (check.relative ?? 0) * Math.abs(wanted.value));
  // Sums of binary fractions leave crumbs: 0.1 + 0.2 is 0.3 to a person.
  const crumbs = 1e-9 * Math.max(Math.abs(wanted.value), 1e-9);
  const near = readings(given, wanted).some((value) => Math.abs(value - wanted.value) <= allowed + crumbs);
  return near ? pass : fail(`The answer's number is ${given.value}${given.percent ? ' %' : ''}, not ${wanted.value}.`);
}

/** “45 %” is 45 to some checks and 0.45 to others; where both are in per cent there is one reading. */
function readings(given: NumberRead, wanted: NumberRead): number[] {
  if (given.percent && !wanted.percent) return [given.value, given.value / 100];
  if (!given.percent && wanted.percent) return [given.value, given.value * 100];
  return [given.value];
}

async function code(language: string | undefined, answer: string, tools: CheckTools): Promise<CheckResult> {
  const blocks = [...codeBlocks(answer)];
  if (blocks.length === 0) return fail('There is no fenced block of code in the answer.');
  const wanted = language === undefined ? undefined : codeLanguage(language);
  const fitting = blocks.filter(
    (block) => wanted === undefined || block.language === '' || codeLanguage(block.language) === wanted,
  );
  if (fitting.length === 0) return fail(`No fenced block is in ${language}.`);
  let without: string | undefined;
  for (const block of fitting.slice(0, 20)) {
    const name = wanted ?? codeLanguage(block.language);
    if (name === '') {
      without ??= 'the block names no language';
      continue;
    }
    if (block.code.trim() === '') continue;
    const parses = await tools.parses(name, block.code);
    if (parses === true) return pass;
    if (parses === undefined) without ??= `there is no grammar for ${name.slice(0, 40)}, or it took too long`;
  }
  return without === undefined ? fail('No fenced block of code can be parsed.') : undecided(`Undecided: ${without}.`);
}

async function similar(
  { value, least }: Extract<Check, { type: 'similarity' }>,
  { answer, reference }: Checked,
  tools: CheckTools,
): Promise<CheckResult> {
  const wanted = value ?? reference;
  if (wanted === undefined || wanted.trim() === '') return noValue;
  // Endpoints refuse to embed nothing, and nothing is like no text.
  if (answer.trim() === '') return fail('The answer is empty.');
  const { cosine, why, called } = await tools.similarity(answer, wanted);
  if (cosine === undefined) return { why: `Undecided: ${why ?? 'there is no similarity'}`, called };
  const measured = `Cosine similarity ${cosine.toFixed(3)}, at least ${least} asked for.`;
  return { score: cosine >= least ? 1 : 0, why: measured, called };
}

function maxTokens(most: number, tokens: Checked['tokens']): CheckResult {
  if (!tokens) return undecided('Undecided: nobody counted the tokens.');
  const counted = `${tokens.output} output tokens${tokens.source === 'estimate' ? ', by estimate' : ''}`;
  return tokens.output <= most ? pass : fail(`${counted}, at most ${most} asked for.`);
}

function inLanguage(asked: string, answer: string): CheckResult {
  const base = asked.toLowerCase().split(/[-_]/)[0] ?? '';
  const wanted = base === 'nb' || base === 'nn' ? 'no' : base;
  if (!canTell(wanted)) return undecided(`Undecided: the language "${asked.slice(0, 20)}" cannot be told from others.`);
  const read = languageOf(answer);
  if ('why' in read) return undecided(`Undecided: ${read.why}.`);
  return read.language === wanted ? pass : fail(`The answer seems to be in ${read.language}.`);
}

/** A stranger's text for a line of a report. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}
