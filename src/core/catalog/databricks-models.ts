/** What became of a foundation model that Databricks no longer serves by tokens. */
export interface Retirement {
  /** Matches names as `plainModelName` writes them. */
  readonly pattern: RegExp;
  /** What it was, for a person. */
  readonly name: string;
  /** ISO date, where it was announced. */
  readonly since?: string | undefined;
  /** What comes closest today, the closest first, as `plainModelName` writes it. */
  readonly successors: readonly string[];
  readonly why: string;
}

/**
 * Models of courses, books and blog posts that are gone. The date of Llama 3.1 70B is Databricks' own announcement; which
 * model is the closest is our choice by family, size and task.
 */
export const retirements: readonly Retirement[] = [
  {
    pattern: /^llama-3(-1)?-70b/,
    name: 'Llama 3.1 70B',
    since: '2024-12-11',
    successors: ['llama-3-3-70b-instruct', 'llama-4-maverick', 'gpt-oss-120b'],
    why: 'Llama 3.3 70B took its place at the same size',
  },
  {
    pattern: /^llama-3-1-405b/,
    name: 'Llama 3.1 405B',
    successors: ['gpt-oss-120b', 'llama-4-maverick', 'llama-3-3-70b-instruct'],
    why: 'no open model of its size is served; the strongest one is the closest',
  },
  {
    pattern: /^llama-3-8b/,
    name: 'Llama 3 8B',
    successors: ['llama-3-1-8b-instruct', 'gemma-3-12b', 'gpt-oss-20b'],
    why: 'Llama 3.1 8B took its place at the same size',
  },
  {
    pattern: /^llama-2-70b/,
    name: 'Llama 2 70B',
    successors: ['llama-3-3-70b-instruct', 'llama-4-maverick', 'gpt-oss-120b'],
    why: 'Llama 3.3 70B is the later model of its family and size',
  },
  {
    pattern: /^llama-2-(7|13)b/,
    name: 'Llama 2, small',
    successors: ['llama-3-1-8b-instruct', 'gemma-3-12b', 'gpt-oss-20b'],
    why: 'Llama 3.1 8B is the later small model of its family',
  },
  {
    pattern: /^dbrx/,
    name: 'DBRX',
    since: '2025-04-30',
    successors: ['llama-4-maverick', 'gpt-oss-120b', 'llama-3-3-70b-instruct'],
    why: 'Llama 4 Maverick is a mixture of experts as DBRX was, and open too',
  },
  {
    pattern: /^mixtral/,
    name: 'Mixtral 8x7B',
    successors: ['llama-4-maverick', 'gpt-oss-20b', 'llama-3-3-70b-instruct'],
    why: 'Llama 4 Maverick is an open mixture of experts as Mixtral was',
  },
  {
    pattern: /^mpt-(7|30)b/,
    name: 'MPT',
    successors: ['llama-3-1-8b-instruct', 'gpt-oss-20b', 'gemma-3-12b'],
    why: 'Llama 3.1 8B is the small open model of today',
  },
  {
    pattern: /^claude-3(-[57])?-sonnet|^claude-sonnet-3/,
    name: 'Claude 3 Sonnet',
    successors: ['claude-sonnet-4', 'claude-sonnet-4-6', 'claude-sonnet-4-5'],
    why: 'a later Sonnet is the same class of model',
  },
];

/**
 * A model's name without the prefixes and the punctuation that differ from place to place: `databricks-meta-llama-3-1-8b-instruct`,
 * `meta-llama/Llama-3.1-8B-Instruct` and `system.ai.meta_llama_v3_1_8b_instruct` are all `llama-3-1-8b-instruct`.
 */
export function plainModelName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^system\.ai\./, '')
    .replace(/^.*\//, '')
    .replace(/[._\s]+/g, '-')
    .replace(/^databricks-/, '')
    .replace(/^meta-(?=llama)/, '')
    .replace(/^llama-?v?(?=\d)/, 'llama-');
}
