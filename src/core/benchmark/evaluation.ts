import { type Outcome, ofUnknownCost, outcomeKey } from '../quality/outcome.ts';
import { highUndecidedShare, type Quality, qualityReader } from '../quality/quality-of.ts';
import { agreement } from '../stats/agreement.ts';
import { passPowers } from '../stats/pass-k.ts';
import type { Manifest, RunPrompt } from './manifest.ts';
import type { RunRecord } from './record.ts';
import type { ModelSummary, Summary } from './summary.ts';

type Evaluated = Pick<ModelSummary, 'quality' | 'satisfaction'>;
type Pair = Extract<Outcome, { kind: 'pair' }>;

/** Quality and satisfaction of a run's models, while its records pass by. */
export class Evaluation {
  readonly #manifest: Manifest;
  readonly #outcomes: readonly Outcome[];
  /** Absent: nothing is asked of the answers and nothing was said of them. */
  readonly #read: ((record: RunRecord) => Quality) | undefined;
  /** By record: scores of its judge's repeats, where there are several; its thumb. */
  readonly #repeats = new Map<string, number[]>();
  readonly #thumbs = new Map<string, number>();
  readonly #pairs: readonly Pair[];
  /** Model and stage of the records that stand in pairs. */
  readonly #paired = new Map<string, { model: number; stage: number } | undefined>();
  readonly #promptAt: ReadonlyMap<string, number>;
  readonly #tallies = new Map<string, QualityTally>();

  constructor(manifest: Manifest, prompts: readonly RunPrompt[], given: Iterable<Outcome>) {
    const last = new Map<string, Outcome>();
    for (const outcome of given) last.set(outcomeKey(outcome), outcome);
    const outcomes = [...last.values()];
    this.#manifest = manifest;
    this.#outcomes = outcomes;
    const asked = manifest.plan.evaluation?.judge !== undefined || prompts.some(({ checks = [] }) => checks.length > 0);
    this.#read = asked || outcomes.length > 0 ? qualityReader({ manifest, prompts, outcomes }) : undefined;
    this.#promptAt = new Map(this.#read ? prompts.map(({ id }, index) => [id, index]) : []);
    this.#pairs = outcomes.filter((outcome) => outcome.kind === 'pair');
    for (const { a, b } of this.#pairs) {
      this.#paired.set(a, undefined);
      this.#paired.set(b, undefined);
    }
    for (const outcome of outcomes) {
      if (outcome.kind === 'rating') this.#thumbs.set(outcome.record, outcome.value);
      if (outcome.kind !== 'judge' || outcome.score === undefined) continue;
      const scores = this.#repeats.get(outcome.record);
      if (scores) scores.push(outcome.score);
      else this.#repeats.set(outcome.record, [outcome.score]);
    }
  }

  add(record: RunRecord, model: number, stage: number): void {
    if (!this.#read || record.warmup) return;
    if (this.#paired.has(record.id)) this.#paired.set(record.id, { model, stage });
    const quality = this.#read(record);
    const prompt = this.#promptAt.get(record.promptId) ?? 0;
    const [repeats = [], thumb = 0] = [this.#repeats.get(record.id), this.#thumbs.get(record.id)];
    this.#tally(model).add(quality, prompt, repeats, thumb);
    this.#tally(model, stage).add(quality, prompt, repeats, thumb);
  }

  /** Of a model over all stages, or in one. */
  of(model: number, stage?: number): Evaluated {
    if (!this.#read) return {};
    const { quality, up, down } = this.#tally(model, stage);
    const person = this.#judged('person', model, stage);
    const judge = this.#judged('judge', model, stage);
    const satisfied = up + down > 0 || person || judge;
    return {
      ...(quality ? { quality } : {}),
      ...(satisfied ? { satisfaction: { up, down, ...(person ? { person } : {}), ...(judge ? { judge } : {}) } } : {}),
    };
  }

  /** Whether a model's answers were checked or judged, and nothing could be decided of any. */
  isSilent(model: number): boolean {
    const asked = this.#outcomes.some(({ kind }) => kind === 'check' || kind === 'judge');
    return asked && this.#tally(model).silent;
  }

  /** What evaluating took. The run's own sums hold also what outcomes that were replaced took. */
  cost(): Pick<Summary['totals'], 'evaluationUsd' | 'unknownCost'> {
    const known = this.#outcomes.flatMap((outcome) =>
      'called' in outcome && outcome.called?.costUsd !== undefined ? [outcome.called.costUsd] : [],
    );
    const sum = known.length > 0 ? known.reduce((total, usd) => total + usd, 0) : undefined;
    const usd = this.#manifest.evaluationUsd ?? sum;
    const unknownCost = this.#manifest.evaluationUnknown ?? this.#outcomes.filter(ofUnknownCost).length;
    return { ...(usd === undefined ? {} : { evaluationUsd: usd }), unknownCost };
  }

  #tally(model: number, stage?: number): QualityTally {
    const key = `${model} ${stage ?? ''}`;
    const known = this.#tallies.get(key);
    if (known) return known;
    const made = new QualityTally(this.#promptAt.size);
    this.#tallies.set(key, made);
    return made;
  }

  /** Pairs of a model with others that one kind of judge has decided. */
  #judged(by: Pair['by'], model: number, stage: number | undefined) {
    const counts = { won: 0, lost: 0, tied: 0 };
    for (const pair of this.#pairs) {
      if (pair.by !== by || pair.winner === undefined) continue;
      for (const side of ['a', 'b'] as const) {
        const place = this.#paired.get(pair[side]);
        if (place?.model !== model || (stage !== undefined && place.stage !== stage)) continue;
        if (pair.winner === 'tie') counts.tied++;
        else counts[pair.winner === side ? 'won' : 'lost']++;
      }
    }
    return counts.won + counts.lost + counts.tied > 0 ? counts : undefined;
  }
}

/** A mean of values that come one by one. */
class Mean {
  n = 0;
  #sum = 0;

  add(value: number | undefined): void {
    if (value === undefined) return;
    this.n++;
    this.#sum += value;
  }

  get value(): number {
    return this.n > 0 ? this.#sum / this.n : 0;
  }
}

/** Whether more of the checks, or of the judgements, than `highUndecidedShare` came to nothing, so that the score rests on the others. */
export function isHollow({ n, undecided, checks, judge }: NonNullable<ModelSummary['quality']>): boolean {
  // A part of which nothing was decided has no figures of its own.
  let untold = undecided;
  for (const part of [checks, judge]) {
    if (part?.asked === undefined || part.undecided === undefined) continue;
    if (part.undecided > part.asked * highUndecidedShare) return true;
    untold -= part.undecided;
  }
  return untold > n * highUndecidedShare;
}

/** Quality of one model's measured requests. */
class QualityTally {
  up = 0;
  down = 0;
  readonly #ofChecks = { asked: 0, undecided: 0 };
  readonly #ofJudge = { asked: 0, undecided: 0 };
  readonly #score = new Mean();
  readonly #checks = new Mean();
  readonly #judge = new Mean();
  readonly #passed = new Mean();
  readonly #repeated: (readonly number[])[] = [];
  /** By prompt: requests that passed or not, and those that passed. */
  readonly #tries: Uint32Array;
  readonly #passes: Uint32Array;

  constructor(prompts: number) {
    this.#tries = new Uint32Array(prompts);
    this.#passes = new Uint32Array(prompts);
  }

  add(quality: Quality, prompt: number, repeats: readonly number[], thumb: number): void {
    const { score, passed, checks, judge, ofChecks, ofJudge } = quality;
    this.#ofChecks.asked += ofChecks.asked;
    this.#ofChecks.undecided += ofChecks.undecided;
    this.#ofJudge.asked += ofJudge.asked;
    this.#ofJudge.undecided += ofJudge.undecided;
    this.#score.add(score);
    this.#checks.add(checks);
    this.#judge.add(judge);
    if (thumb > 0) this.up++;
    if (thumb < 0) this.down++;
    if (repeats.length > 1) this.#repeated.push(repeats);
    if (passed === undefined) return;
    this.#passed.add(passed ? 1 : 0);
    this.#tries[prompt] = (this.#tries[prompt] ?? 0) + 1;
    if (passed) this.#passes[prompt] = (this.#passes[prompt] ?? 0) + 1;
  }

  get #undecided(): number {
    return this.#ofChecks.undecided + this.#ofJudge.undecided;
  }

  get silent(): boolean {
    return this.#score.n === 0 && this.#undecided > 0;
  }

  get quality(): ModelSummary['quality'] {
    if (this.#score.n === 0) return undefined;
    const [checks, judge] = [this.#checks, this.#judge];
    const agreed = agreement(this.#repeated);
    const powers = passPowers(Array.from(this.#tries, (n, prompt) => ({ n, passed: this.#passes[prompt] ?? 0 })));
    return {
      n: this.#score.n,
      score: this.#score.value,
      ...(this.#passed.n > 0 ? { passShare: this.#passed.value } : {}),
      ...(checks.n > 0 ? { checks: { n: checks.n, score: checks.value, ...this.#ofChecks } } : {}),
      ...(judge.n > 0 ? { judge: { n: judge.n, score: judge.value, agreement: agreed, ...this.#ofJudge } } : {}),
      undecided: this.#undecided,
      // Of a single try it is the share that passes.
      ...(powers.length > 1 ? { passK: powers } : {}),
    };
  }
}
