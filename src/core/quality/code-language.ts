/** Names that answers give a language, beside its own. */
const aliases: Readonly<Record<string, string>> = {
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  node: 'javascript',
  jsx: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  py: 'python',
  python3: 'python',
  py3: 'python',
  golang: 'go',
  yml: 'yaml',
  jsonl: 'ndjson',
};

/** One name for each programming language, in lower case. */
export function codeLanguage(name: string): string {
  const lower = name.trim().toLowerCase();
  return Object.hasOwn(aliases, lower) ? (aliases[lower] ?? lower) : lower;
}
