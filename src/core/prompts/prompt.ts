import type { Check } from '../quality/check.ts';

/** A prompt: what is sent to a model, and what it is called. */
export interface Prompt {
  /** Unique in its data set. */
  readonly id: string;
  readonly text: string;
  /** What a good answer says. */
  readonly reference?: string | undefined;
  /** What an answer must keep. */
  readonly checks?: readonly Check[] | undefined;
  /** Conversation that it belongs to; those before it in the data set came before it. */
  readonly conversation?: string | undefined;
  /** What a program puts in when it runs: stands in `text` as `{name}`; its length is not known. */
  readonly placeholders?: number | undefined;
}

/** Half-open range of UTF-16 offsets in a document. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A prompt found in a document. `text` is what a model would receive; `range` is where it stands. */
export interface FoundPrompt {
  readonly text: string;
  readonly range: TextRange;
  readonly kind: 'prompt-file' | 'fenced' | 'dataset-row' | 'code';
  /** The data set row's id, the file's name or the variable's, where there is one. */
  readonly id?: string | undefined;
  /** What the program puts in when it runs: stands in `text` as `{name}`; its length is not known. */
  readonly placeholders?: number | undefined;
}

/** What a finder sees of a document. */
export interface PromptDocument {
  /** Base name with extension, for example `review.prompt.md`. */
  readonly fileName: string;
  /** VS Code language id, for example `markdown`. */
  readonly languageId: string;
  readonly text: string;
}

/**
 * Finds prompts in one kind of document. Pure, never throws, returns prompts in document order, bounded in work: at most
 * `maxFoundPrompts`, and nothing where the document is larger than the finder can read within a few milliseconds.
 */
export interface PromptFinder {
  accepts(document: Pick<PromptDocument, 'fileName' | 'languageId'>): boolean;
  find(document: PromptDocument): FoundPrompt[];
  /** The prompt around an offset, where that is cheaper than finding all, or must look beyond the first `maxFoundPrompts`. */
  at?(document: PromptDocument, offset: number): FoundPrompt | undefined;
}

/** Prompts beyond this are not listed for a document. */
export const maxFoundPrompts = 1_000;

/** Estimated tokens with the band that most texts of any language and tokenizer fall in. */
export interface TokenEstimate {
  readonly tokens: number;
  readonly low: number;
  readonly high: number;
}
