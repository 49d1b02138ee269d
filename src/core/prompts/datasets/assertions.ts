import { formatUsd } from '../../catalog/cost.ts';
import type { Check } from '../../quality/check.ts';
import { plainText } from '../plain-text.ts';
import { isFileUrl, namesCode, type Referenced } from './file-reference.ts';
import { hasCode } from './nunjucks.ts';
import { readChecks } from './row-checks.ts';
import { hasPlaceholder } from './template.ts';
import { part, type Tree, textOf, writtenOut } from './tree.ts';

/** What promptfoo's assertions come to here. */
export interface ReadAssertions {
  readonly checks: readonly Check[];
  /** What is left out, and what takes its place. */
  readonly notes: readonly { readonly line: number; readonly message: string }[];
  /** What a good answer says, where an assertion for a judge tells it. */
  readonly reference?: string | undefined;
}

/** Fetches a file; undefined when it must be fetched first. */
type Lookup = (reference: string) => Referenced;

interface Reading {
  readonly checks: Check[];
  readonly notes: { line: number; message: string }[];
  reference?: string | undefined;
}

const judged: ReadonlySet<string> = new Set([
  'llm-rubric',
  'model-graded-closedqa',
  'model-graded-factuality',
  'factuality',
  'g-eval',
  'answer-relevance',
  'context-faithfulness',
  'context-recall',
  'context-relevance',
  'conversation-relevance',
  'select-best',
  'max-score',
  'search-rubric',
  'moderation',
  'classifier',
  'pi',
]);
const programs: ReadonlySet<string> = new Set(['javascript', 'python', 'ruby', 'webhook']);
/** Assertion sets within one another. */
const deepestSet = 5;

/**
 * Reads promptfoo's assertions: those that are static become checks, all others notes with the line and what to do instead.
 * Nothing is ever executed. What makes an assertion read differently (a transform) leaves it out as well.
 */
export function readAssertions(list: Tree | undefined, lookUp: Lookup): ReadAssertions {
  const into: Reading = { checks: [], notes: [] };
  readList(list, lookUp, into, 0);
  return into;
}

function readList(list: Tree | undefined, lookUp: Lookup, into: Reading, depth: number): void {
  if (list === undefined || (list.kind === 'scalar' && list.value === null)) return;
  if (list.kind !== 'list') {
    into.notes.push({ line: list.line, message: '"assert" is not a list and is left out. Write "- type: …" lines.' });
    return;
  }
  for (const item of list.items) readAssertion(item, lookUp, into, depth);
}

function readAssertion(item: Tree, lookUp: Lookup, into: Reading, depth: number): void {
  const { line } = item;
  const note = (message: string): void => {
    into.notes.push({ line, message });
  };
  const type = textOf(part(item, 'type'));
  if (part(item, '$ref') !== undefined) {
    note('The assertion refers to a template ($ref) and is left out. Write the assertion itself.');
    return;
  }
  if (type === undefined) {
    note('The assertion has no type and is left out. Write "type: contains".');
    return;
  }
  if (type === 'assert-set') {
    if (part(item, 'threshold') !== undefined || depth >= deepestSet) {
      note('An assert-set with a threshold is left out. List its assertions themselves, with weights.');
    } else readList(part(item, 'assert'), lookUp, into, depth + 1);
    return;
  }
  const code = ['transform', 'contextTransform'].find((key) => part(item, key) !== undefined);
  if (code !== undefined) {
    note(
      `The assertion ${shownType(type)} is left out: its "${code}" is code, which is never run. Check the answer itself.`,
    );
    return;
  }
  const value = part(item, 'value');
  const threshold = part(item, 'threshold');
  add(
    {
      type,
      value: value && writtenOut(value),
      threshold: threshold?.kind === 'scalar' ? threshold.value : undefined,
      extra: extraOf(item),
    },
    lookUp,
    into,
    note,
  );
}

function extraOf(item: Tree): Assertion['extra'] {
  const weight = part(item, 'weight');
  const metric = textOf(part(item, 'metric'));
  return {
    ...(weight?.kind === 'scalar' && typeof weight.value === 'number' ? { weight: weight.value } : {}),
    ...(metric === undefined ? {} : { name: metric }),
  };
}

/** One cell of promptfoo's `__expected` columns: `icontains: hello`, `similar(0.8): hello`, or the text to equal. */
export function readExpected(cell: string, line: number, lookUp: Lookup): ReadAssertions {
  const into: Reading = { checks: [], notes: [] };
  const text = cell.trim();
  const note = (message: string): void => {
    into.notes.push({ line, message });
  };
  const match = /^((?:not-)?[a-z][a-z0-9-]{1,40})(?:\(([\d.]{1,20})\))?(?::([\s\S]*))?$/.exec(text);
  const type = match?.[1] === 'grade' ? 'llm-rubric' : match?.[1];
  if (isFileUrl(text) && namesCode(text)) add({ type: 'javascript', value: text, extra: {} }, lookUp, into, note);
  else if (type === 'fn' || type === 'eval') add({ type: 'javascript', value: text, extra: {} }, lookUp, into, note);
  else if (type === undefined || !isKnown(type) || (match?.[3] === undefined && !needsNoValue(type))) {
    into.reference = text;
    add({ type: 'equals', value: text, extra: {} }, lookUp, into, note);
  } else {
    const threshold = match?.[2] === undefined ? undefined : Number(match[2]);
    const value = match?.[3]?.trim();
    add({ type, value: value === '' ? undefined : value, threshold, extra: {} }, lookUp, into, note);
    if (type === 'equals') into.reference = value;
  }
  return into;
}

interface Assertion {
  readonly type: string;
  readonly value?: unknown;
  readonly threshold?: unknown;
  readonly extra: { readonly weight?: number; readonly name?: string };
}

const known: ReadonlySet<string> = new Set([
  ...['equals', 'contains', 'icontains', 'contains-all', 'contains-any', 'icontains-all', 'icontains-any'],
  ...['starts-with', 'regex', 'is-json', 'contains-json', 'similar', 'is-refusal', 'cost', 'latency', 'levenshtein'],
  ...[
    'is-xml',
    'contains-xml',
    'is-sql',
    'contains-sql',
    'is-html',
    'contains-html',
    'rouge-n',
    'bleu',
    'gleu',
    'meteor',
  ],
  ...['perplexity', 'perplexity-score', 'word-count', 'f-score', 'finish-reason', 'guardrails', 'trajectory'],
]);

function isKnown(type: string): boolean {
  const plain = type.replace(/^not-/, '');
  return known.has(plain) || judged.has(plain) || programs.has(plain);
}

function needsNoValue(type: string): boolean {
  return /(?:^|-)(?:is-json|contains-json|is-refusal|is-xml|contains-xml|is-sql|contains-sql|is-html|contains-html|cost|latency|guardrails)$/.test(
    type,
  );
}

function add(
  { type, value, threshold, extra }: Assertion,
  lookUp: Lookup,
  into: Reading,
  note: (m: string) => void,
): void {
  const not = type.startsWith('not-');
  const plain = not ? type.slice(4) : type;
  const shown = shownType(type);
  if (programs.has(plain) || (typeof value === 'string' && isFileUrl(value) && namesCode(value))) {
    note(
      `The assertion ${shown} is code, which is never run: it is left out. Say it with contains, regex or a JSON Schema.`,
    );
    return;
  }
  if (judged.has(plain)) {
    if (plain === 'factuality' && typeof value === 'string' && !hasCode(value)) into.reference ??= value;
    const rubric = typeof value === 'string' ? ` Its text for the rubric: ${plainText(value, 200)}` : '';
    note(`The assertion ${shown} needs a judge (--judge) and is left out of the checks.${rubric}`);
    return;
  }
  if (plain === 'cost' || plain === 'latency') {
    note(gateNote(plain, threshold));
    return;
  }
  let given = value;
  if (typeof given === 'string' && isFileUrl(given)) {
    const file = lookUp(given);
    if (file.state === 'refused') note(`The assertion ${shown} is left out: ${file.message}`);
    if (file.state !== 'read') return;
    given = file.text;
  }
  const texts = typeof given === 'string' ? [given] : Array.isArray(given) ? (given as unknown[]) : [];
  if (texts.some((text) => typeof text === 'string' && hasCode(text))) {
    note(`The assertion ${shown} is left out: its value holds template code, which is never run. Use {{name}} alone.`);
    return;
  }
  if (unfilled.has(plain) && isTemplate(given)) {
    note(
      `The assertion ${shown} is left out: variables are not put into patterns and schemas. Write the value out, or use contains.`,
    );
    return;
  }
  const check = checkOf(plain, given, threshold);
  if (check === undefined) {
    note(`The assertion ${shown} is left out: there is no such check. Say it with contains, regex or a JSON Schema.`);
    return;
  }
  const read = readChecks([{ ...check, ...(not ? { not } : {}), ...extra }]);
  if (typeof read === 'string')
    note(`The assertion ${shown} is left out. ${read.replace(/^Check 1 \([\w-]+\): /, '')}`);
  else into.checks.push(...read);
}

/** Assertions whose values become patterns or schemas. */
const unfilled: ReadonlySet<string> = new Set(['starts-with', 'regex', 'is-json', 'contains-json']);

function isTemplate(value: unknown): boolean {
  const text = JSON.stringify(value) ?? '';
  return hasPlaceholder(text) || text.includes('{%');
}

function checkOf(type: string, value: unknown, threshold: unknown): object | undefined {
  const single = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  const ignoreCase = type.startsWith('icontains') ? { ignoreCase: true } : {};
  switch (type) {
    case 'equals':
      return typeof single === 'object' ? undefined : { type: 'equals', value: single };
    case 'contains':
    case 'icontains':
      return { type: 'contains', value: single, ...ignoreCase };
    case 'contains-all':
    case 'icontains-all':
      return { type: 'contains', value: listOf(single), all: true, ...ignoreCase };
    case 'contains-any':
    case 'icontains-any':
      return { type: 'contains', value: listOf(single), ...ignoreCase };
    case 'starts-with':
      return typeof single === 'string' ? { type: 'regex', pattern: `^${escaped(single)}` } : undefined;
    case 'regex':
      return { type: 'regex', pattern: single };
    case 'is-json':
    case 'contains-json':
      return jsonCheck(value);
    case 'similar':
      return { type: 'similarity', value: single, least: typeof threshold === 'number' ? threshold : 0.75 };
    case 'is-refusal':
      return { type: 'refusal' };
    default:
      return undefined;
  }
}

function jsonCheck(value: unknown): object | undefined {
  if (value === undefined || value === null) return { type: 'json' };
  let schema = value;
  if (typeof value === 'string') {
    try {
      schema = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  return { type: 'json-schema', schema };
}

/** In promptfoo a text stands for a list with commas between. */
function listOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => (typeof item === 'number' ? String(item) : item));
  if (typeof value !== 'string') return value;
  return value
    .split(',')
    .map((item) => item.trim().replace(/^"(.*)"$/s, '$1'))
    .filter((item) => item !== '');
}

function gateNote(type: 'cost' | 'latency', threshold: unknown): string {
  const limit = typeof threshold === 'number' && Number.isFinite(threshold) ? threshold : undefined;
  if (type === 'latency') {
    return `Latency is a gate of the whole run, not a check: --gate "p95_e2e_ms<=${limit ?? 'MS'}" takes its place.`;
  }
  const each = limit === undefined ? '' : ` (${formatUsd(limit)} for each request)`;
  const perThousand = limit === undefined ? 'USD' : String(Number((limit * 1_000).toPrecision(12)));
  return `Cost is a gate of the whole run, not a check: --gate "cost_usd_per_1k<=${perThousand}"${each} takes its place.`;
}

function shownType(type: string): string {
  return `"${plainText(type, 40)}"`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
