import * as z from 'zod/mini';
import { requestDetailSchema } from '../core/report/detail.ts';
import { reportViewSchema } from '../core/report/view.ts';

/** Extension → report panel. */
export const toWebviewSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('report'), view: reportViewSchema }),
  /** Answers `requestDetail`; without `detail` when the run no longer has the request. */
  z.strictObject({ type: z.literal('detail'), id: z.string(), detail: z.optional(requestDetailSchema) }),
]);

export const exportFormats = ['html', 'md', 'csv', 'json'] as const;

/** What the panel may ask the host to run: these and nothing else. */
const panelCommands = ['benchmarkAgain', 'openSettings'] as const;

const MOST_ID_CHARACTERS = 256;

/** Report panel → extension. A webview shows foreign text, so nothing that it sends is trusted. */
export const fromWebviewSchema = z.discriminatedUnion('type', [
  /** The page can take the report. */
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({
    type: z.literal('requestDetail'),
    id: z.string().check(z.minLength(1), z.maxLength(MOST_ID_CHARACTERS)),
  }),
  z.strictObject({ type: z.literal('export'), format: z.enum(exportFormats) }),
  z.strictObject({ type: z.literal('command'), command: z.enum(panelCommands) }),
]);

export type ExportFormat = (typeof exportFormats)[number];
export type PanelCommand = (typeof panelCommands)[number];
export type ToWebview = z.infer<typeof toWebviewSchema>;
export type FromWebview = z.infer<typeof fromWebviewSchema>;

/** The message, or undefined when it is not one of ours: unknown, with a key too many, too long, or with a prototype of its own. */
export function parseFromWebview(value: unknown): FromWebview | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // A schema does not look at a prototype, and may skip an own key of that name.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined;
  const keys = Reflect.ownKeys(value);
  if (keys.length > 2 || keys.includes('__proto__')) return undefined;
  const parsed = fromWebviewSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The host's message, or undefined when page and extension are not of the same version. */
export function parseToWebview(value: unknown): ToWebview | undefined {
  const parsed = toWebviewSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
