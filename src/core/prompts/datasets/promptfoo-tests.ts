import { csvTests } from './csv-tests.ts';
import { jsonTree } from './json-tree.ts';
import type { Source } from './promptfoo-source.ts';
import { part, type Tree, textOf, treeOf } from './tree.ts';
import { yamlTree } from './yaml-tree.ts';

/** A test of promptfoo's, and the file that it stands in. */
export interface Test {
  readonly tree: Tree;
  readonly source: Source;
}

/** The tests of a configuration: a list, a file, or a list of both. */
export function testsOf(tests: Tree | undefined, source: Source): Test[] {
  if (tests === undefined) return [];
  return (tests.kind === 'list' ? tests.items : [tests]).flatMap((item) => testsIn(item, source));
}

function testsIn(item: Tree, source: Source): Test[] {
  const reference = textOf(item) ?? textOf(part(item, 'path'));
  if (reference === undefined) {
    if (item.kind === 'map') return [{ tree: item, source }];
    source.problem(item.line, 'The test is not a map. Write "- vars: …", or "file://tests.yaml".');
    return [];
  }
  const { line } = item;
  if (/^[a-z]{3,20}:\/\//i.test(reference) && !/^file:/i.test(reference)) {
    source.problem(line, 'Tests at an address are not fetched. Save them beside the data set and name that file.');
    return [];
  }
  const file = source.need(reference, line);
  return file === undefined ? [] : testsOfFile(file.text, file.path, source.of(file.path, line));
}

function testsOfFile(text: string, path: string, source: Source): Test[] {
  if (/\.(csv|tsv)$/i.test(path)) return csvTests(text, source).map((tree) => ({ tree, source }));
  if (/\.jsonl$/i.test(path)) return jsonlTests(text, source);
  if (!/\.(json|ya?ml)$/i.test(path)) {
    source.problem(1, 'Tests are read from .yaml, .json, .jsonl and .csv. Save them as one of these.');
    return [];
  }
  const { root, problem } = /\.json$/i.test(path) ? jsonTree(text) : yamlTree(text);
  if (problem !== undefined) source.problem(problem.line, problem.message);
  if (root === undefined) return [];
  const items = root.kind === 'list' ? root.items : [root];
  return items.flatMap((tree) => {
    if (tree.kind === 'map') return [{ tree, source }];
    source.problem(tree.line, 'The test is not a map. Write "- vars: …".');
    return [];
  });
}

function jsonlTests(text: string, source: Source): Test[] {
  const tests: Test[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      tests.push({ tree: treeOf(JSON.parse(line), at + 1), source });
    } catch {
      source.problem(at + 1, 'The line is not JSON. Write one test a line: {"vars": {…}}.');
    }
  }
  return tests;
}
