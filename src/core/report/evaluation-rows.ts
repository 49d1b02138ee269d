import * as z from 'zod/mini';
import { plainText } from '../prompts/plain-text.ts';
import type { Outcome } from '../quality/outcome.ts';
import type { Run } from './run.ts';
import { requestName, safeName } from './text.ts';

/** As many are listed of each kind; the others are in the exports. */
const mostShown = 20;

/** What should be looked at before the quality of a run is believed. */
export const evaluationSchema = z.object({
  /** Checks and judgements that could not be decided, by what they are and why; most frequent first. */
  undecided: z.array(z.object({ what: z.string(), why: z.string(), count: z.number() })),
  /** Answers that speak to their judge. */
  suspicious: z.array(z.object({ request: z.string(), by: z.string(), why: z.string() })),
  suspiciousCount: z.number(),
});

export type EvaluationView = z.infer<typeof evaluationSchema>;

/** Undefined for a run without any check or judgement. */
export function evaluationOf({ manifest, outcomes = [] }: Run): EvaluationView | undefined {
  const undecided = new Map<string, { what: string; why: string; count: number }>();
  const suspicious: EvaluationView['suspicious'] = [];
  let suspiciousCount = 0;
  let some = false;
  for (const outcome of outcomes) {
    if (outcome.kind === 'rating' || (outcome.kind === 'pair' && outcome.by === 'person')) continue;
    some = true;
    if (isUndecided(outcome)) {
      const what = outcome.kind === 'check' ? `check "${safeName(outcome.name, 60)}"` : KINDS[outcome.kind];
      const why = plainText(whyOf(outcome), 200);
      const known = undecided.get(`${what}\n${why}`);
      if (known) known.count++;
      // A reason may quote the answer: each is another.
      else if (undecided.size < 1_000) undecided.set(`${what}\n${why}`, { what, why, count: 1 });
    }
    if ('suspicious' in outcome && outcome.suspicious) {
      suspiciousCount++;
      const records = outcome.kind === 'pair' ? [outcome.a, outcome.b] : [outcome.record];
      if (suspicious.length < mostShown) {
        suspicious.push({
          request: records.map((id) => requestName(id, manifest)).join(' and '),
          by: KINDS[outcome.kind],
          why: plainText(outcome.why ?? '', 300),
        });
      }
    }
  }
  if (!some) return undefined;
  const often = [...undecided.values()].sort((a, b) => b.count - a.count).slice(0, mostShown);
  return { undecided: often, suspicious, suspiciousCount };
}

const KINDS = { judge: 'judge', pair: 'pairwise judge' } as const;

type Judged = Extract<Outcome, { kind: 'check' | 'judge' | 'pair' }>;

function isUndecided(outcome: Judged): boolean {
  return outcome.kind === 'pair' ? outcome.winner === undefined : outcome.score === undefined;
}

function whyOf(outcome: Judged): string {
  const error = outcome.kind === 'judge' ? outcome.error : undefined;
  return outcome.why ?? (error ? `${error.code}: ${error.message}` : 'no reason given');
}
