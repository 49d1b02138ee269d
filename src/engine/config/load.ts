import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { Failure } from '../../core/failure.ts';
import { checkConfig, type Problem, problemWords } from './check.ts';
import { readText } from './read-text.ts';
import type { TierwiseConfig } from './schema.ts';

const CONFIG_LIMIT = 4 * 1024 * 1024;

/**
 * Reads a configuration file: JSON, comments and trailing commas allowed.
 * @throws Failure `config` that names the file, the place in it, what is wrong and how to mend it.
 */
export async function loadConfig(file: string): Promise<TierwiseConfig> {
  let text: string;
  try {
    text = await readText(file, CONFIG_LIMIT);
  } catch (error) {
    if (error instanceof Failure) throw new Failure({ code: 'config', message: error.message }, { cause: error });
    throw error;
  }
  return parseConfig(text, file);
}

/** The configuration in `text`. `name` is what messages call the file. @throws Failure `config`. */
export function parseConfig(text: string, name: string): TierwiseConfig {
  const root = parse(text, name);
  const checked = checkConfig(plainValue(root));
  if (checked.config !== undefined) return checked.config;
  const [first, ...others] = checked.problems;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const where = first === undefined ? name : `${name}${placeOf(root, text, first)}`;
  throw new Failure({ code: 'config', message: `${where}: ${first === undefined ? '' : problemWords(first)}${more}` });
}

function parse(text: string, name: string): Node {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true });
  } catch (error) {
    if (error instanceof RangeError) throw new Failure({ code: 'config', message: `${name} is nested too deeply.` });
    throw error;
  }
  const first = errors[0];
  if (first !== undefined || root === undefined) {
    const what =
      first === undefined || text.trim() === '' ? 'the file is empty' : spaced(printParseErrorCode(first.error));
    throw new Failure({
      code: 'config',
      message: `${name}${lineColumn(text, first?.offset ?? 0)}: not valid JSON: ${what}.`,
    });
  }
  return root;
}

/** Plain data without prototypes, so that a key called `__proto__` is a key like any other (and refused as unknown). */
function plainValue(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(plainValue);
  if (node.type !== 'object') return node.value;
  const object: Record<string, unknown> = Object.create(null);
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key !== undefined && value !== undefined) object[String(key.value)] = plainValue(value);
  }
  return object;
}

/** `:line:column` of the innermost part of the problem's path that is written in the file. */
function placeOf(root: Node, text: string, problem: Problem): string {
  let node = root;
  for (const step of problem.path) {
    const next =
      typeof step === 'number'
        ? node.children?.[step]
        : node.children?.find((property) => property.children?.[0]?.value === step)?.children?.[1];
    if (next === undefined) break;
    node = next;
  }
  return lineColumn(text, node.offset);
}

function lineColumn(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `:${line}:${offset - before.lastIndexOf('\n')}`;
}

/** `ValueExpected` → `value expected`. */
function spaced(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
