import * as z from 'zod/mini';
import { runComparisonSchema } from '../core/benchmark/verdict.ts';
import { requestDetailSchema } from '../core/report/detail.ts';
import { reportViewSchema } from '../core/report/view.ts';

/** Characters of a prompt or an answer: more than `safeBlock` can write of what it takes in. */
const MOST_TEXT_CHARACTERS = 2_000_000;
const text = z.string().check(z.maxLength(MOST_TEXT_CHARACTERS));
const count = z.int().check(z.nonnegative());
/** A person's thumb: up, taken back, down. */
const thumb = z.union([z.literal(1), z.literal(0), z.literal(-1)]);

/** Extension → report panel. */
export const toWebviewSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('report'),
    view: reportViewSchema,
    /** True: there are answers that can be compared blind. */
    pairs: z.boolean(),
    /** What has just happened, said above the report. */
    said: z.optional(z.string()),
  }),
  /** Answers `requestDetail`; without `detail` when the run no longer has the request. */
  z.strictObject({ type: z.literal('detail'), id: z.string(), detail: z.optional(requestDetailSchema) }),
  /** Answers `rate`: what is kept now. */
  z.strictObject({ type: z.literal('rated'), id: z.string(), value: thumb }),
  /**
   * Two answers to compare. Texts only, and no key beside them: neither names of models nor ids of records reach the page before the
   * verdict, so that nothing there can tell which answer is whose.
   */
  z.strictObject({
    type: z.literal('pair'),
    /** Counts the pairs shown; the verdict repeats it. */
    number: count,
    prompt: text,
    left: text,
    right: text,
    rated: count,
    skipped: count,
    /** This one included. */
    remaining: count,
  }),
  z.strictObject({ type: z.literal('comparison'), comparison: runComparisonSchema }),
]);

export const exportFormats = ['html', 'md', 'csv', 'json'] as const;

/** What the panel may ask the host to run: these and nothing else. */
const panelCommands = ['benchmarkAgain', 'openSettings'] as const;

/** Which of two answers is better; a pair that is skipped is not asked about again before the next comparison. */
export const pairVerdicts = ['left', 'right', 'tie', 'skip'] as const;

const MOST_ID_CHARACTERS = 256;
const id = z.string().check(z.minLength(1), z.maxLength(MOST_ID_CHARACTERS));
/** Keys of the largest message from the panel. */
const MOST_KEYS = 3;

/** Report panel → extension. A webview shows foreign text, so nothing that it sends is trusted. */
export const fromWebviewSchema = z.discriminatedUnion('type', [
  /** The page can take the report. */
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('requestDetail'), id }),
  z.strictObject({ type: z.literal('export'), format: z.enum(exportFormats) }),
  z.strictObject({ type: z.literal('command'), command: z.enum(panelCommands) }),
  /** Keeps a thumb for the request's answer. */
  z.strictObject({ type: z.literal('rate'), id, value: thumb }),
  /** Asks for answers to compare without knowing whose they are; each verdict is answered by the next pair. */
  z.strictObject({ type: z.literal('comparePairs') }),
  z.strictObject({ type: z.literal('pairVerdict'), number: count, verdict: z.enum(pairVerdicts) }),
  /** Ends a comparison of pairs and asks for the report with everything that was said by now. */
  z.strictObject({ type: z.literal('refresh') }),
]);

export type ExportFormat = (typeof exportFormats)[number];
export type PairVerdict = (typeof pairVerdicts)[number];
export type PanelCommand = (typeof panelCommands)[number];
export type ToWebview = z.infer<typeof toWebviewSchema>;
export type ShownPair = Extract<ToWebview, { type: 'pair' }>;
export type FromWebview = z.infer<typeof fromWebviewSchema>;

/** The message, or undefined when it is not one of ours: unknown, with a key too many, too long, or with a prototype of its own. */
export function parseFromWebview(value: unknown): FromWebview | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // A schema does not look at a prototype, and may skip an own key of that name.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined;
  const keys = Reflect.ownKeys(value);
  if (keys.length > MOST_KEYS || keys.includes('__proto__')) return undefined;
  const parsed = fromWebviewSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The host's message, or undefined when page and extension are not of the same version. */
export function parseToWebview(value: unknown): ToWebview | undefined {
  const parsed = toWebviewSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
