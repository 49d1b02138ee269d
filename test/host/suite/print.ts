import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { format } from 'node:util';

/** Tells the suite's lines from all else that an editor writes; the launcher sets it, and takes it off again. */
const mark = process.env.TIERWISE_LINE_MARK ?? '';

/**
 * Prints for whoever runs the tests. The editor passes on what is printed but does not fill in `%s`, so we do; and places in
 * this bundle become places in the source.
 */
export function print(...args: unknown[]): void {
  for (const line of format(...args).split('\n')) {
    const place = inSource(line);
    if (!/^\s*at .*(node_modules\/mocha\/|\(node:internal\/)/.test(place)) console.log(mark + place);
  }
}

let sourceMap: SourceMap | undefined;

function inSource(line: string): string {
  const [whole, row, column] = /(?:[\w./-]+\/)?out\/host\/index\.js:(\d+):(\d+)/.exec(line) ?? [];
  if (whole === undefined || !existsSync(`${__filename}.map`)) return line;
  sourceMap ??= new SourceMap(JSON.parse(readFileSync(`${__filename}.map`, 'utf8')));
  const entry = sourceMap.findEntry(Number(row) - 1, Number(column) - 1);
  if (!('originalSource' in entry)) return line;
  const file = relative(resolve(dirname(__filename), '..', '..'), resolve(dirname(__filename), entry.originalSource));
  return line.replace(whole, `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`);
}
