import { maxRows } from './collector.ts';
import { readCsv } from './csv.ts';
import type { Source } from './promptfoo-source.ts';
import { type Tree, treeOf } from './tree.ts';

/** The tests of promptfoo's CSV: columns are variables, `__expected` ones assertions, `__prefix` and `__suffix` stand around the prompt. */
export function csvTests(text: string, source: Source): Tree[] {
  const tests: Tree[] = [];
  readCsv(text.startsWith('\ufeff') ? text.slice(1) : text, {
    record({ cells, line }, header) {
      const vars = new Map<string, unknown>();
      const expected: string[] = [];
      const options: Record<string, string> = {};
      for (const [column, name] of header.entries()) {
        const cell = cells[column] ?? '';
        if (isExpected(name)) {
          if (cell.trim() !== '') expected.push(cell);
        } else if (name === '__prefix' || name === '__suffix') {
          if (cell !== '') options[name.slice(2)] = cell;
        } else if (name.startsWith('__')) {
          if (cell.trim() !== '' && !HARMLESS.test(name))
            source.note(line, `The column "${name.slice(0, 40)}" is left out.`);
        } else if (name !== '') vars.set(name, cell);
      }
      tests.push(treeOf({ vars: Object.fromEntries(vars), options, __expected: expected }, line));
      return tests.length < maxRows;
    },
    problem: (line, message) => source.problem(line, message),
  });
  return tests;
}

const HARMLESS = /^__(description|metadata)/;

/** Whether a column holds an assertion in promptfoo's short form. */
export function isExpected(name: string): boolean {
  return /^__expected\d*$/.test(name);
}
