import { counted, grouped } from '../../numbers.ts';
import type { Check } from '../../quality/check.ts';
import { plainText } from '../plain-text.ts';
import { generatedId } from '../row-id.ts';
import { type ReadAssertions, readAssertions, readExpected } from './assertions.ts';
import { type Collector, maxRows } from './collector.ts';
import { type GivenFiles, isFileUrl } from './file-reference.ts';
import { jsonTree } from './json-tree.ts';
import { fillNunjucks, hasCode } from './nunjucks.ts';
import { type PromptTemplate, promptTemplates } from './promptfoo-prompts.ts';
import { Source } from './promptfoo-source.ts';
import { type Test, testsOf } from './promptfoo-tests.ts';
import { filledChecks } from './row-checks.ts';
import { hasPlaceholder, type Variables } from './template.ts';
import { part, type Tree, textOf } from './tree.ts';
import { yamlTree } from './yaml-tree.ts';

/** What all tests of a configuration share. */
interface Defaults {
  readonly vars: ReadonlyMap<string, Choices>;
  readonly assertions: ReadAssertions;
  readonly options: Tree | undefined;
}

/** What a variable can be: one value, or each of a list. */
type Choices = readonly unknown[];

/** Whether a document is a configuration or a list of tests of promptfoo's, rather than rows with prompts. */
export function looksLikePromptfoo(root: Tree): boolean {
  if (root.kind === 'map') {
    const tests = part(root, 'tests');
    return (
      ['providers', 'targets', 'defaultTest', 'scenarios'].some((key) => root.entries.has(key)) ||
      textOf(tests) !== undefined ||
      (tests?.kind === 'list' && tests.items.some(isTest))
    );
  }
  return root.kind === 'list' && root.items.some(isTest);
}

function isTest(item: Tree): boolean {
  const reference = textOf(item);
  if (reference !== undefined) return isFileUrl(reference);
  return item.kind === 'map' && !item.entries.has('prompt') && (item.entries.has('vars') || item.entries.has('assert'));
}

/**
 * Reads a configuration or a list of tests of promptfoo's: each test with each prompt and each combination of its variables is
 * a row. What is static is read; what is code (prompts, tests, variables: a problem; the rest: a note) is left out and said.
 * Nothing is executed.
 *
 * @param template takes the place of the configuration's prompts
 */
export function readPromptfoo(root: Tree, into: Collector, files: GivenFiles, template?: string): void {
  const source = new Source(into, files);
  noteUnread(root, source);
  const prompts =
    template === undefined ? promptTemplates(part(root, 'prompts'), source) : [{ text: template, line: root.line }];
  const { tree: given, source: from } = defaultTest(part(root, 'defaultTest'), source);
  const defaults: Defaults = {
    vars: given === undefined ? new Map() : (choicesOf(part(given, 'vars'), from) ?? new Map()),
    assertions: assertionsOf(given, from),
    options: part(given, 'options'),
  };
  if (given !== undefined) noteOptions(given, from);
  const tests = testsOf(root.kind === 'list' ? root : part(root, 'tests'), source);
  if (prompts.length === 0 && tests.length > 0) {
    if (into.waits) return;
    const mend = 'Write "prompts:" with a text or a file, or give a template (--template)';
    source.problem(
      root.line,
      `Here ${tests.length === 1 ? 'is' : 'are'} ${counted(tests.length, 'test')} and no prompt that can be read. ${mend}.`,
    );
    return;
  }
  if (tests.length === 0 && part(root, 'tests') === undefined && root.kind === 'map') {
    for (const prompt of prompts) {
      const tree: Tree = { kind: 'map', line: prompt.line, entries: new Map() };
      if (!takeTest({ tree, source }, [prompt], defaults, into)) return;
    }
    return;
  }
  for (const test of tests) if (!takeTest(test, prompts, defaults, into)) return;
}

/** One test that is a row by itself, with its own prompt. */
export function readTest(tree: Tree, prompt: string, into: Collector, files: GivenFiles, id?: unknown): void {
  const none: Defaults = { vars: new Map(), assertions: { checks: [], notes: [] }, options: undefined };
  takeTest({ tree, source: new Source(into, files) }, [{ text: prompt, line: tree.line }], none, into, id);
}

/** False when no further row is taken. */
function takeTest(
  { tree, source }: Test,
  prompts: readonly PromptTemplate[],
  defaults: Defaults,
  into: Collector,
  id?: unknown,
): boolean {
  const { line } = tree;
  const own = choicesOf(part(tree, 'vars'), source);
  const filter = part(tree, 'prompts');
  if (filter !== undefined) {
    source.problem(
      line,
      'The test chooses among the prompts, which is not read. Write it with its own prompt in another file.',
    );
  }
  const assertions = assertionsOf(tree, source);
  noteOptions(tree, source);
  if (own === undefined || filter !== undefined) return true;
  const vars = new Map([...defaults.vars, ...own]);
  const held = isHeld(part(tree, 'options')) || isHeld(defaults.options);
  const combinations = held ? 1 : [...vars.values()].reduce((product, { length }) => product * length, 1);
  const coming = combinations * prompts.length;
  if (coming > maxRows) {
    source.problem(
      line,
      `The lists of this test's variables make ${grouped(coming)} rows; at most ${grouped(maxRows)} are read. Shorten them.`,
    );
    return true;
  }
  const checks = [...defaults.assertions.checks, ...assertions.checks];
  const given = assertions.reference ?? defaults.assertions.reference;
  const [before, after] = ['prefix', 'suffix'].map(
    (key) => textOf(part(part(tree, 'options'), key)) ?? textOf(part(defaults.options, key)) ?? '',
  );
  for (const [p, prompt] of prompts.entries()) {
    for (let v = 0; v < combinations; v++) {
      if (into.full(source.lineOf(line))) return false;
      const variables = held ? heldVariables(vars) : combination(vars, v);
      const row = filledRow(`${before}${prompt.text}${after}`, variables, checks, given);
      const which = [
        ...(prompts.length > 1 ? [`prompt ${p + 1}`] : []),
        ...(combinations > 1 ? [`combination ${v + 1}`] : []),
      ].join(', ');
      if (typeof row === 'string') source.problem(line, which === '' ? row : `With ${which}: ${row}`);
      else {
        const parts = [...(prompts.length > 1 ? [`p${p + 1}`] : []), ...(combinations > 1 ? [`v${v + 1}`] : [])];
        const base = source.idAt(line) ?? generatedId(line);
        const own = typeof id === 'string' || typeof id === 'number' ? [id, ...parts].join('/') : id;
        into.take({ line: source.lineOf(line), id: own, ownId: [base, ...parts].join('/'), ...row });
      }
    }
  }
  return true;
}

function filledRow(
  template: string,
  variables: Variables,
  checks: readonly Check[],
  given: string | undefined,
): { text: string; reference: string | undefined; checks: readonly Check[] } | string {
  const inner = [...variables].find(
    ([, value]) => typeof value === 'string' && (hasPlaceholder(value) || hasCode(value)),
  );
  if (inner !== undefined) {
    return `The variable "${plainText(inner[0], 60)}" holds a template itself, which is not filled. Write it out.`;
  }
  const text = fillNunjucks(template, variables);
  if (text.problem !== undefined) return text.problem;
  const reference = given === undefined ? undefined : fillNunjucks(given, variables);
  if (reference?.problem !== undefined) return reference.problem;
  const filled = filledChecks(checks, variables, reference?.text);
  return typeof filled === 'string' ? filled : { text: text.text, reference: reference?.text, checks: filled };
}

/** The combination of that number; the last variable changes fastest. */
function combination(vars: ReadonlyMap<string, Choices>, number: number): Variables {
  const chosen = new Map<string, unknown>();
  let rest = number;
  for (const [name, choices] of [...vars].reverse()) {
    chosen.set(name, choices[rest % choices.length]);
    rest = Math.floor(rest / choices.length);
  }
  return chosen;
}

function heldVariables(vars: ReadonlyMap<string, Choices>): Variables {
  return new Map([...vars].map(([name, choices]) => [name, choices.length === 1 ? choices[0] : choices]));
}

function isHeld(options: Tree | undefined): boolean {
  const held = part(options, 'disableVarExpansion');
  return held?.kind === 'scalar' && held.value === true;
}

/** The variables of a test; undefined when one of them cannot be read, which is then a problem. */
function choicesOf(vars: Tree | undefined, source: Source): Map<string, Choices> | undefined {
  const found = new Map<string, Choices>();
  const paths = vars === undefined ? [] : vars.kind === 'list' ? vars.items : [vars];
  for (const item of paths) {
    const map = item.kind === 'map' ? { tree: item, source } : varsFile(item, source);
    if (map === undefined) return undefined;
    for (const [name, value] of map.tree.entries) {
      const choices: unknown[] = [];
      for (const one of value.kind === 'list' ? value.items : [value]) {
        const read = variable(one, map.source);
        if (read === undefined) return undefined;
        choices.push(read.value);
      }
      if (choices.length === 0) {
        map.source.problem(value.line, `The variable "${plainText(name, 60)}" is an empty list. Give it a value.`);
        return undefined;
      }
      found.set(name, choices);
    }
  }
  return found;
}

function varsFile(item: Tree, source: Source): { tree: Tree & { kind: 'map' }; source: Source } | undefined {
  const reference = textOf(item);
  if (reference === undefined) {
    if (item.kind === 'scalar' && item.value === null)
      return { tree: { kind: 'map', line: item.line, entries: new Map() }, source };
    source.problem(item.line, '"vars" is not a map. Write "name: value" lines, or "file://vars.yaml".');
    return undefined;
  }
  const file = source.need(reference, item.line);
  if (file === undefined) return undefined;
  const { root, problem } = /\.json$/i.test(file.path) ? jsonTree(file.text) : yamlTree(file.text);
  const inside = source.of(file.path, item.line);
  if (root?.kind === 'map') return { tree: root, source: inside };
  inside.problem(problem?.line ?? 1, problem?.message ?? 'The file holds no variables. Write "name: value" lines.');
  return undefined;
}

/** A variable's value: what it says, or the text of the file that it names. Lists and maps within have no text. */
function variable(tree: Tree, source: Source): { readonly value: unknown } | undefined {
  if (tree.kind !== 'scalar') return { value: tree.kind === 'list' ? [] : {} };
  if (typeof tree.value !== 'string' || !isFileUrl(tree.value)) return { value: tree.value ?? '' };
  const file = source.need(tree.value, tree.line);
  return file && { value: file.text.trim() };
}

function assertionsOf(tree: Tree | undefined, source: Source): ReadAssertions {
  const lookUp = (reference: string) => source.lookUp(reference);
  const listed = readAssertions(part(tree, 'assert'), lookUp);
  const cells = part(tree, '__expected');
  const short = (cells?.kind === 'list' ? cells.items : cells ? [cells] : []).map((cell) =>
    readExpected(String(textOf(cell) ?? ''), cell.line, lookUp),
  );
  const all = [listed, ...short];
  for (const { notes } of all) for (const { line, message } of notes) source.note(line, message);
  return {
    checks: all.flatMap(({ checks }) => checks),
    notes: [],
    reference: all.map(({ reference }) => reference).find((reference) => reference !== undefined),
  };
}

function defaultTest(tree: Tree | undefined, source: Source): { tree: Tree | undefined; source: Source } {
  const reference = textOf(tree);
  if (tree === undefined || reference === undefined) return { tree, source };
  const file = source.need(reference, tree.line);
  if (file === undefined) return { tree: undefined, source };
  const inside = source.of(file.path, tree.line);
  const { root, problem } = /\.json$/i.test(file.path) ? jsonTree(file.text) : yamlTree(file.text);
  if (problem !== undefined) inside.problem(problem.line, problem.message);
  return { tree: root, source: inside };
}

const unread: Readonly<Record<string, string>> = {
  providers: 'The providers are left out, and nothing that they name is run: answers come from your own endpoints.',
  targets: 'The targets are left out, and nothing that they name is run: answers come from your own endpoints.',
  extensions: 'The extensions are code, which is never run. They are left out.',
  nunjucksFilters: 'The filters are code, which is never run. They are left out.',
  derivedMetrics: 'Derived metrics are left out. Give gates instead: --gate "quality>=0.8".',
  redteam: 'What would make attacks is left out.',
};

function noteUnread(root: Tree, source: Source): void {
  if (root.kind !== 'map') return;
  for (const [key, message] of Object.entries(unread)) {
    const found = root.entries.get(key);
    if (found !== undefined) source.note(found.line, message);
  }
  const scenarios = part(root, 'scenarios');
  if (scenarios !== undefined) {
    source.problem(
      scenarios.line,
      'Scenarios are not read. Write their tests under "tests:", with lists as variables.',
    );
  }
}

/** Options of a test that would make its answers read otherwise. */
function noteOptions(tree: Tree, source: Source): void {
  const options = part(tree, 'options');
  for (const key of ['transform', 'postprocess', 'transformVars']) {
    const found = part(options, key) ?? part(tree, key);
    if (found !== undefined)
      source.note(found.line, `"${key}" is code, which is never run: checks see the answer as it is.`);
  }
  for (const key of ['provider', 'providers', 'providerOutput']) {
    const found = part(tree, key);
    if (found !== undefined)
      source.note(found.line, `"${key}" of the test is left out: every model is asked every prompt.`);
  }
  for (const key of ['threshold', 'assertScoringFunction']) {
    const found = part(tree, key);
    if (found !== undefined)
      source.note(found.line, `"${key}" of the test is left out: checks count by their weights.`);
  }
}
