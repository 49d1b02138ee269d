import type { Check } from '../../quality/check.ts';
import { plainText } from '../plain-text.ts';
import { readExpected } from './assertions.ts';
import { type Collector, maxIdLength, type TakenRow } from './collector.ts';
import { isExpected } from './csv-tests.ts';
import { type Fields, fieldNames, fieldOf, kindOf } from './fields.ts';
import { type GivenFiles, referenced } from './file-reference.ts';
import { looksLikeMessages, oneQuestion } from './messages.ts';
import { readTest } from './promptfoo.ts';
import { filledChecks, readChecks } from './row-checks.ts';
import { applyTemplate, hasPlaceholder } from './template.ts';
import { treeOf } from './tree.ts';

/** What holds for every row of a data set. */
export interface RowRules {
  /** Makes the prompt from a row's fields; absent: a row says its prompt. */
  readonly template?: string | undefined;
  /** Beside a row's own. */
  readonly checks: readonly Check[];
  readonly files: GivenFiles;
  /** See `DatasetOptions`. */
  readonly textOnly?: boolean | undefined;
}

const SHAPE = 'Give each row a text: {"id": "…", "prompt": "…"}';

/** Takes one row of a data set: its prompt, filled; its reference; its checks. What is wrong with it becomes a problem. */
export function takeRow(row: Fields, line: number, rules: RowRules, into: Collector): void {
  const problem = (message: string): void => into.problem(line, message);
  const question = questionOf(row);
  if (typeof question === 'string') {
    problem(question);
    return;
  }
  if (question?.system) {
    into.note(line, 'The system message is put before the question, and both are sent as one text.');
  }
  if (isTest(row)) {
    takeTest(row, line, question?.text, rules, into);
    return;
  }
  const taken = read(row, line, question, rules, into);
  if (typeof taken === 'string') problem(taken);
  else into.take({ line, id: row.get('id'), conversation: conversationOf(row), ...taken });
}

/** What a row comes to; else a sentence that says what is wrong with it. */
function read(
  row: Fields,
  line: number,
  question: Question | undefined,
  rules: RowRules,
  into: Collector,
): Pick<TakenRow, 'text' | 'reference' | 'checks'> | string {
  const template = rules.template ?? question?.text;
  if (template === undefined) return missingPrompt(row);
  if (rules.template === undefined && template.trim() === '') {
    return 'The prompt is empty. Give it a text or remove the row.';
  }
  const variables = variablesOf(row, question, rules);
  // Columns of promptfoo's.
  const [before, after] = [row.get('__prefix'), row.get('__suffix')].map((cell) =>
    typeof cell === 'string' ? cell : '',
  );
  const filled = applyTemplate(`${before}${template}${after}`, variables);
  if (rules.textOnly && rules.template === undefined) return { text: filled.text ?? template };
  if (filled.problem !== undefined) return filled.problem;

  const expected = expectedOf(row, line, rules, into);
  const reference = referenceOf(row) ?? { text: question?.reference ?? expected.reference };
  if (typeof reference === 'string') return reference;
  const own = row.get('checks');
  const given = own === undefined || own === null || own === '' ? [] : readChecks(own);
  if (typeof given === 'string') return given;
  const all = [...rules.checks, ...given, ...expected.checks];
  const checks = filledChecks(all, variables, reference.text);
  if (typeof checks === 'string') return checks;
  return { text: filled.text, reference: reference.text, checks };
}

/** The conversation that a row names; anything else under that name is a field like any other. */
function conversationOf(row: Fields): string | undefined {
  const given = row.get('conversation');
  if (typeof given === 'number') return String(given);
  return typeof given === 'string' && given.trim() !== '' && given.length <= maxIdLength ? given : undefined;
}

interface Question {
  /** The field that holds it. */
  readonly name: string;
  readonly text: string;
  readonly reference?: string | undefined;
  readonly system?: boolean | undefined;
}

/** The prompt that a row says; undefined when it says none. */
function questionOf(row: Fields): Question | string | undefined {
  const messages = row.get('messages');
  const found = fieldOf(row, fieldNames.prompt);
  if (found === undefined ? Array.isArray(messages) : looksLikeMessages(found.value)) {
    const name = found === undefined ? 'messages' : found.name;
    const one = oneQuestion((found === undefined ? messages : found.value) as readonly unknown[]);
    return typeof one === 'string' ? one : { name, ...one };
  }
  if (found === undefined) return undefined;
  if (typeof found.value !== 'string') return `"${found.name}" is ${kindOf(found.value)}. ${SHAPE}.`;
  return { name: found.name, text: found.value };
}

function missingPrompt(row: Fields): string {
  const names = [...row.keys()].slice(0, 6).map((name) => `"${plainText(name, 30)}"`);
  const has = names.length === 0 ? '' : ` The row has ${names.join(', ')}.`;
  return `There is no "prompt".${has} ${SHAPE} (or under question, input or text), or a template (--template, or "template:" in YAML).`;
}

/** All of a row's fields, and the prompt under its own name and as `prompt`. Made only where they are asked for. */
function variablesOf(row: Fields, question: Question | undefined, { template, checks }: RowRules): Fields {
  if (template === undefined) {
    const asked = hasPlaceholder(question?.text ?? '') || checks.length > 0 || row.has('checks');
    if (!asked) return row;
    const others = new Map(row);
    if (question !== undefined) others.delete(question.name);
    return others;
  }
  return question === undefined ? row : new Map([...row, ['prompt', question.text], [question.name, question.text]]);
}

function referenceOf(row: Fields): { readonly text: string | undefined } | string | undefined {
  const found = fieldOf(row, fieldNames.reference);
  if (found === undefined || found.value === '') return undefined;
  const { name, value } = found;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { text: String(value) };
  return `"${name}" is ${kindOf(value)}. Give a text or a number, or say it with "checks".`;
}

/** The assertions of promptfoo's `__expected` columns. */
function expectedOf(row: Fields, line: number, { files }: RowRules, into: Collector) {
  const checks: Check[] = [];
  let reference: string | undefined;
  for (const [name, cell] of row) {
    if (!name.startsWith('__') || typeof cell !== 'string' || cell.trim() === '' || !isExpected(name)) continue;
    const read = readExpected(cell, line, (wanted) => {
      const file = referenced(wanted, files);
      if (file.state === 'wanted') into.want(file.path);
      return file;
    });
    for (const { message } of read.notes) into.note(line, message);
    checks.push(...read.checks);
    reference ??= read.reference;
  }
  return { checks, reference };
}

/** Whether a row is a test of promptfoo's. */
function isTest(row: Fields): boolean {
  const [vars, assert] = [row.get('vars'), row.get('assert')];
  return (typeof vars === 'object' && vars !== null && !Array.isArray(vars)) || Array.isArray(assert);
}

function takeTest(row: Fields, line: number, prompt: string | undefined, rules: RowRules, into: Collector): void {
  const text = rules.template ?? prompt;
  if (text === undefined) into.problem(line, missingPrompt(row));
  else readTest(treeOf(Object.fromEntries(row), line), text, into, rules.files, row.get('id'));
}
