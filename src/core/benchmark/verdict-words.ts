import { formatUsd } from '../catalog/cost.ts';
import { grouped } from '../numbers.ts';
import type { ComparedMetric, MetricVerdict } from './verdict.ts';

export const metricNames: Readonly<Record<ComparedMetric, string>> = {
  ttft: 'time to first token',
  e2e: 'end-to-end time',
  cost: 'cost',
  quality: 'quality',
  satisfaction: 'satisfaction',
  errors: 'share of failed requests',
};

const missingWords: Readonly<Record<ComparedMetric, string>> = {
  ttft: 'time to first token was not measured',
  e2e: 'latency was not measured',
  cost: 'cost is unknown',
  quality: 'quality was not evaluated',
  satisfaction: 'satisfaction was not rated',
  errors: 'no request failed',
};

/** One compared side, seen from a subject: `better`, `worse`, or undecided. */
type Standing = 'better' | 'worse' | 'tied' | 'too-few';

interface Seen {
  readonly standing: Standing;
  readonly own: number;
  readonly other: number;
  /** own / other, or own − other. */
  readonly effect: number;
  readonly verdict: MetricVerdict;
}

export interface Headline {
  readonly a: string;
  readonly b: string;
  readonly metrics: readonly MetricVerdict[];
  /** Metrics with values of both sides on a single prompt. */
  readonly single: readonly ComparedMetric[];
  /** True: the instrument was too slow, so nothing is said of latency. */
  readonly invalid: boolean;
}

/**
 * The conclusion in one sentence, which always speaks of quality, latency, cost and satisfaction: first what sets the models
 * apart, then what does not, then what is not known. Its subject is the better one in the first of quality, satisfaction,
 * latency and cost that is decided. Names must be safe to show.
 */
export function headline(input: Headline): string {
  const { a, b, metrics: usable } = input;
  const leading = (['quality', 'satisfaction', 'e2e', 'ttft', 'cost'] as const)
    .map((metric) => usable.find((one) => one.metric === metric))
    .find((verdict) => verdict?.outcome === 'a' || verdict?.outcome === 'b');
  const subjectIsB = leading?.outcome === 'b';
  const seen = new Map(usable.map((verdict) => [verdict.metric, seenFrom(verdict, subjectIsB)]));
  const verbs: string[] = [];
  const states: string[] = [];
  const say = (metric: ComparedMetric, verb: (one: Seen) => string) => {
    const one = seen.get(metric);
    if (one === undefined) states.push(missing(metric, input));
    else if (one.standing === 'better' || one.standing === 'worse') verbs.push(verb(one));
    else states.push(undecided(one));
  };
  say('quality', (one) => `answers ${one.standing} (${values(one)})`);
  sayLatency(seen, input, verbs, states);
  say('cost', costVerb);
  say('satisfaction', (one) => `is liked ${one.standing === 'better' ? 'better' : 'less'} (${values(one)})`);
  const rest = states.length > 0 ? `; ${states.join('; ')}` : '';
  if (verbs.length > 0) return `Compared with ${subjectIsB ? a : b}, ${subjectIsB ? b : a} ${listed(verbs)}${rest}.`;
  const tied = usable.length > 0 && usable.every(({ outcome }) => outcome === 'tied');
  if (tied) return `${a} and ${b} are equal in all that could be compared: ${states.join('; ')}.`;
  return `Nothing sets ${a} and ${b} apart yet: ${states.join('; ')}.`;
}

function sayLatency(seen: ReadonlyMap<ComparedMetric, Seen>, input: Headline, verbs: string[], states: string[]): void {
  const { invalid } = input;
  const [ttft, e2e] = [seen.get('ttft'), seen.get('e2e')];
  if (invalid) states.push('latency cannot be relied on, as the run is not valid');
  else if (ttft && e2e && ttft.standing === e2e.standing) {
    if (ttft.standing === 'tied') states.push('latency is tied');
    else if (ttft.standing === 'too-few')
      states.push(`latency cannot be told apart yet${enough([ttft, e2e], ' (', ')')}`);
    else
      verbs.push(
        `is ${ttft.standing === 'better' ? 'faster' : 'slower'} (first token ${values(ttft)}, whole answer ${values(e2e)})`,
      );
  } else {
    for (const one of [ttft, e2e]) {
      if (one === undefined) continue;
      const { standing, verdict } = one;
      const verb = verdict.metric === 'ttft' ? 'starts to answer' : 'finishes';
      if (standing === 'better' || standing === 'worse')
        verbs.push(`${verb} ${standing === 'better' ? 'sooner' : 'later'} (${values(one)})`);
      else states.push(undecided(one));
    }
    if (!ttft && !e2e) states.push(missing('e2e', input).replace(metricNames.e2e, 'latency'));
  }
}

function seenFrom(verdict: MetricVerdict, fromB: boolean): Seen {
  const { a, b, scale, effect, outcome } = verdict;
  const standing: Standing =
    outcome === 'a' || outcome === 'b' ? ((outcome === 'b') === fromB ? 'better' : 'worse') : outcome;
  if (fromB) return { standing, own: b, other: a, effect, verdict };
  return { standing, own: a, other: b, effect: scale === 'ratio' ? 1 / effect : -effect, verdict };
}

function costVerb({ own, other, effect }: Seen): string {
  if (own === 0 || other === 0) return `costs ${formatUsd(Math.abs(effect))} a request ${effect > 0 ? 'more' : 'less'}`;
  const ratio = own / other;
  if (ratio >= 2) return `costs ${times(ratio)} times as much`;
  return ratio > 1 ? `costs ${percent(ratio - 1)} more` : `costs ${percent(1 - ratio)} less`;
}

function undecided(one: Seen): string {
  const { standing, verdict } = one;
  const name = metricNames[verdict.metric];
  if (standing === 'tied') return `${name} is tied (${values(one).replace(' against ', ' and ')})`;
  return `${name} cannot be told apart yet (${values(one)}${enough([one], ', ')})`;
}

function enough(seen: readonly Seen[], before: string, after = ''): string {
  const needed = seen.map(({ verdict }) => verdict.needed);
  if (needed.some((one) => one === undefined)) return '';
  return `${before}about ${aboutPrompts(Math.max(...needed.map((one) => one ?? 0)))} would tell${after}`;
}

/** `120 prompts`: an estimate is written in two digits, rounded up. */
export function aboutPrompts(needed: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(needed)) - 1);
  return `${grouped(Math.ceil(needed / unit) * unit)} prompts`;
}

function missing(metric: ComparedMetric, { single }: Headline): string {
  return single.includes(metric) ? `${metricNames[metric]} rests on a single prompt` : missingWords[metric];
}

function values({ own, other, verdict: { metric } }: Seen): string {
  return `${valueWords(metric, own)} against ${valueWords(metric, other)}`;
}

/** A figure of a side: `820 ms`, `$0.0012`, `0.91`, `3 %`. */
export function valueWords(metric: ComparedMetric, value: number): string {
  if (metric === 'errors') return percent(value);
  if (metric === 'cost') return `${formatUsd(value)}`;
  if (metric === 'quality' || metric === 'satisfaction') return value.toFixed(2);
  return value < 9_995 ? `${grouped(value, value < 9.95 ? 1 : 0)} ms` : `${grouped(value / 1_000, 1)} s`;
}

/** A ratio in two digits: `8.1`, `0.12`, `130`. */
export function times(ratio: number): string {
  return ratio >= 9.95 ? grouped(Number(ratio.toPrecision(2))) : String(Number(ratio.toPrecision(2)));
}

/** `0.002`, or `< 0.001`: a test by resampling knows no more. */
export function pWords(p: number): string {
  if (p < 0.001) return 'p < 0.001';
  return `p = ${p < 0.1 ? p.toFixed(3) : p.toFixed(2)}`;
}

/** `32 %`; a share below 1 never reads 100. */
function percent(share: number): string {
  const value = share * 100;
  return `${value < 9.95 ? Number(value.toFixed(1)) : value > 99 && value < 100 ? Math.floor(value * 10) / 10 : Math.round(value)} %`;
}

function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
