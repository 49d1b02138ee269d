import type { ModelTask, PyfuncInput } from './protocol.ts';

/** Where a figure comes from; user outranks workspace outranks measured outranks bundled. */
export const provenances = ['user', 'workspace', 'measured', 'bundled'] as const;
export type Provenance = (typeof provenances)[number];

/** A number that says where it comes from. Unknown figures are absent, never 0. */
export interface Figure {
  readonly value: number;
  readonly provenance: Provenance;
  /** ISO date on which the figure was true, when known. */
  readonly asOf?: string | undefined;
}

/** What can answer a prompt: one model on one endpoint. */
export interface Model {
  /** `endpoint/model`, unique; how settings, tiers and the CLI name it. */
  readonly ref: string;
  /** The endpoint's id. */
  readonly endpoint: string;
  /** The name sent on the wire. */
  readonly id: string;
  /** USD per million tokens. */
  readonly inputPrice?: Figure | undefined;
  readonly outputPrice?: Figure | undefined;
  /** Of input tokens that the server reads from its cache; absent: they cost `inputPrice`. */
  readonly cachedInputPrice?: Figure | undefined;
  /** Of input tokens that the server writes to its cache. */
  readonly cacheWritePrice?: Figure | undefined;
  /** Of output tokens spent on thinking; absent: they cost `outputPrice`. */
  readonly reasoningPrice?: Figure | undefined;
  /** Tokens. */
  readonly contextWindow?: number | undefined;
  /** Absent: `chat`. */
  readonly task?: ModelTask | undefined;
  /** How a custom (pyfunc) model takes the prompt: the form of its rows and the column of the prompt. */
  readonly pyfunc?: { readonly input: PyfuncInput; readonly column: string } | undefined;
  /** True: the endpoint may sleep, and its first answer may wait for it to wake. */
  readonly scaleToZero?: boolean | undefined;
  /** True for the built-in simulated endpoint. */
  readonly simulated: boolean;
}
