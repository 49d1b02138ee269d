import type { MetricVerdict } from '../benchmark/verdict.ts';
import { aboutPrompts, pWords, valueWords } from '../benchmark/verdict-words.ts';
import { figure } from './format.ts';

/** What the figures of a comparison are called in the head of a table or of a row. */
export const metricLabels: Readonly<Record<MetricVerdict['metric'], string>> = {
  ttft: 'TTFT',
  e2e: 'E2E',
  cost: 'Cost a request',
  quality: 'Quality',
  satisfaction: 'Satisfaction',
  errors: 'Failed requests',
};

/** One figure of two sides as cells of a table, the same in every format; what comes out of it is said by `outcomes`. */
export interface MetricCells {
  readonly label: string;
  readonly n: string;
  readonly a: string;
  readonly b: string;
  /** b against a: `+12 %` of a ratio, `+0.13` of a difference. */
  readonly effect: string;
  /** 95 %. */
  readonly interval: string;
  /** With Holm's correction. */
  readonly p: string;
  readonly outcome: string;
}

export function metricCells(
  verdict: MetricVerdict,
  outcomes: Readonly<Record<'a' | 'b' | 'tied', string>>,
): MetricCells {
  const { metric, n, a, b, effect, low, high, pAdjusted, outcome, needed } = verdict;
  const told = needed === undefined ? 'cannot be told' : `cannot be told; about ${aboutPrompts(needed)} would`;
  return {
    label: metricLabels[metric],
    n: String(n),
    a: valueWords(metric, a),
    b: valueWords(metric, b),
    effect: effectWords(verdict, effect),
    interval: `${effectWords(verdict, low)} to ${effectWords(verdict, high)}`,
    p: pWords(pAdjusted).replace(/^p (= )?/u, ''),
    outcome: outcome === 'too-few' ? told : outcomes[outcome],
  };
}

/** A ratio below 3 as a percentage, beyond it as a multiple. */
function effectWords({ scale, metric }: MetricVerdict, value: number): string {
  if (scale === 'ratio' && value >= 3) return `× ${figure(value)}`;
  const change = scale === 'ratio' ? (value - 1) * 100 : value;
  const size = scale === 'ratio' ? `${figure(Math.abs(change))} %` : valueWords(metric, Math.abs(change));
  return `${change > 0 ? '+' : change < 0 ? '−' : ''}${size}`;
}
