import type { FoundPrompt } from '../prompt.ts';
import type { CodeLanguage, SyntaxNode } from './syntax.ts';

/** The prompts in a syntax tree, in the order of the text; at most `maxFoundPrompts`. Never throws. */
export function findInTree(root: SyntaxNode, language: CodeLanguage, text: string): FoundPrompt[] {
  return new PromptSearch(language).find(root, text);
}

/** Finds prompts in one document again and again: what did not change since the last time is not looked at again. */
export class PromptSearch {
  readonly language: CodeLanguage;

  constructor(language: CodeLanguage) {
    this.language = language;
  }

  find(_root: SyntaxNode, _text: string): FoundPrompt[] {
    return [];
  }
}
