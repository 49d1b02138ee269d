import { csvFinder } from './csv-finder.ts';
import { fencedFinder } from './fenced.ts';
import { jsonlFinder } from './jsonl.ts';
import type { FoundPrompt, PromptDocument, PromptFinder } from './prompt.ts';
import { promptFileFinder } from './prompt-file.ts';
import { yamlFinder } from './yaml-finder.ts';

/** One finder for each kind of document. The first that accepts a document is asked: a `.prompt.md` is a prompt, not Markdown. */
export const finders: readonly PromptFinder[] = [promptFileFinder, fencedFinder, jsonlFinder, yamlFinder, csvFinder];

/** The prompts of a document, in its order; at most `maxFoundPrompts`. */
export function findPrompts(document: PromptDocument): FoundPrompt[] {
  return finderOf(document)?.find(document) ?? [];
}

/** The prompt around an offset (both ends included). Answers within milliseconds for any document. */
export function promptAt(document: PromptDocument, offset: number): FoundPrompt | undefined {
  const finder = finderOf(document);
  if (finder?.at !== undefined) return finder.at(document, offset);
  return finder?.find(document).find(({ range }) => range.start <= offset && offset <= range.end);
}

function finderOf(document: PromptDocument): PromptFinder | undefined {
  return finders.find((finder) => finder.accepts(document));
}
