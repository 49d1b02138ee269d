import { bodyRange } from './front-matter.ts';
import type { FoundPrompt, PromptDocument, PromptFinder } from './prompt.ts';

const FILE_NAMES = /(\.prompt\.md|\.prompty?|\.agent\.md|\.chatmode\.md|^skill\.md)$/i;
const LANGUAGES: ReadonlySet<string> = new Set(['prompt', 'chatagent', 'skill']);

/** Files that are one prompt: `.prompt.md`, `.prompt`, `.prompty`, `.agent.md`, `.chatmode.md`, `SKILL.md`; without their front matter. */
export const promptFileFinder: PromptFinder = {
  accepts: ({ fileName, languageId }) => LANGUAGES.has(languageId) || FILE_NAMES.test(fileName),
  find({ fileName, text }: PromptDocument): FoundPrompt[] {
    const range = bodyRange(text);
    if (range.start === range.end) return [];
    return [{ text: text.slice(range.start, range.end), range, kind: 'prompt-file', id: fileName }];
  },
};
