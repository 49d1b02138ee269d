/** What the search for prompts needs of a syntax tree. Offsets are UTF-16. tree-sitter's nodes have this shape. */
export interface SyntaxNode {
  readonly type: string;
  readonly startIndex: number;
  readonly endIndex: number;
  /** Whether a part of it could not be parsed. */
  readonly hasError: boolean;
  readonly namedChildren: readonly (SyntaxNode | null)[];
  childForFieldName(name: string): SyntaxNode | null;
}

/** Languages that prompts are found in, by VS Code's language ids. */
export const codeLanguages = [
  'python',
  'typescript',
  'typescriptreact',
  'javascript',
  'javascriptreact',
  'java',
  'go',
] as const;
export type CodeLanguage = (typeof codeLanguages)[number];

export function isCodeLanguage(languageId: string): languageId is CodeLanguage {
  return (codeLanguages as readonly string[]).includes(languageId);
}
