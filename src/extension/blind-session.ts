import { createHash } from 'node:crypto';
import type { PlannedModel } from '../core/benchmark/plan.ts';
import { type Outcome, outcomeKey } from '../core/quality/outcome.ts';
import { answerPairs, type BlindPair, nextPair, type PairedRecord } from '../core/quality/pairs.ts';
import type { Run } from '../core/report/run.ts';
import { safeBlock } from '../core/report/text.ts';
import type { PairVerdict, ShownPair } from '../protocol/webview.ts';

type Pair = Extract<Outcome, { kind: 'pair' }>;

/** Whether a run has answers of several models to one prompt that are not the same. */
export function hasPairs(run: Run): boolean {
  const models = modelsOf(run);
  if (models.length < 2 || !run.manifest.plan.keepAnswers) return false;
  for (const { identical } of answerPairs(run.records, models)) if (!identical) return true;
  return false;
}

/**
 * A person's comparison of a run's answers, as long as it lasts. Which answer is whose stays here until the person has decided: what
 * `shown` gives holds texts only.
 */
export class BlindSession {
  readonly #run: Run;
  /** Nobody can foretell the sides from the run. */
  readonly #seed: number;
  readonly #records: readonly PairedRecord[];
  readonly #names: RegExp | undefined;
  /** What this and earlier sessions decided, and what was skipped, which counts as decided here and nowhere else. */
  readonly #decided: Pair[];
  #rated = 0;
  #skipped = 0;
  #open = 0;
  #number = 0;
  #pair: BlindPair | undefined;

  constructor(run: Run, seed: number) {
    this.#run = run;
    this.#seed = seed;
    this.#records = Array.from(run.records, light);
    this.#names = namesIn(modelsOf(run));
    this.#decided = (run.outcomes ?? []).filter(isPersonal);
    const known = new Set(this.#decided.filter(({ winner }) => winner !== undefined).map(outcomeKey));
    for (const pair of answerPairs(this.#records, modelsOf(run))) {
      if (pair.identical) continue;
      if (known.has(outcomeKey(personPair(pair, 'tie', '')))) this.#rated++;
      else this.#open++;
    }
    this.#next();
  }

  /** Pairs that the person has decided by now, earlier sessions included. */
  get rated(): number {
    return this.#rated;
  }

  /** The pair to show; undefined: none is left. */
  shown(): ShownPair | undefined {
    if (!this.#pair) return undefined;
    const { promptId, left, right } = this.#pair;
    const answers = this.#answers(left, right);
    return {
      type: 'pair',
      number: this.#number,
      prompt: safeBlock(this.#run.prompts.find(({ id }) => id === promptId)?.text ?? ''),
      left: safeBlock(this.#masked(answers.get(left) ?? '')),
      right: safeBlock(this.#masked(answers.get(right) ?? '')),
      rated: this.#rated,
      skipped: this.#skipped,
      remaining: this.#open,
    };
  }

  /**
   * Goes on to the next pair, once `keep` has kept the verdict; for a pair that was skipped there is nothing to keep. A verdict on
   * another pair than the one that is shown, as two quick presses of a key make, does nothing. @throws what `keep` throws
   */
  decide(number: number, verdict: PairVerdict, at: string, keep: (outcome: Pair) => void): void {
    if (number !== this.#number || !this.#pair) return;
    const { left, pair } = this.#pair;
    const winner =
      verdict === 'tie' || verdict === 'skip' ? 'tie' : (verdict === 'left') === (left === pair.a) ? 'a' : 'b';
    const outcome = personPair(pair, winner, at);
    if (verdict === 'skip') this.#skipped++;
    else {
      keep(outcome);
      this.#rated++;
    }
    this.#decided.push(outcome);
    this.#open--;
    this.#next();
  }

  #next(): void {
    this.#number++;
    this.#pair = nextPair({ records: this.#records, models: modelsOf(this.#run) }, this.#decided, this.#seed);
  }

  /** An answer may say who wrote it. What it says in other words than the model's name nobody can mask. */
  #masked(answer: string): string {
    const { simulated } = this.#run.manifest;
    const text = simulated ? answer.replace(/^\[simulated [^\]\n]{1,100}\]/, '[simulated]') : answer;
    return this.#names ? text.replace(this.#names, '‹model›') : text;
  }

  #answers(...ids: readonly string[]): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const { id, answer } of this.#run.records) {
      if (!ids.includes(id)) continue;
      found.set(id, answer ?? '');
      if (found.size === ids.length) break;
    }
    return found;
  }
}

function isPersonal(outcome: Outcome): outcome is Pair {
  return outcome.kind === 'pair' && outcome.by === 'person';
}

function modelsOf({ manifest }: Run): readonly PlannedModel[] {
  return manifest.plan.models;
}

/** The models' names, where they are no plain words such as "small"; undefined: none is. */
function namesIn(models: readonly PlannedModel[]): RegExp | undefined {
  const names = models.flatMap(({ model }) => [model, model.slice(model.lastIndexOf('/') + 1)]);
  const masked = [...new Set(names)].filter((name) => name.length > 3 && /[^\p{L}]/u.test(name));
  if (masked.length === 0) return undefined;
  const longestFirst = masked.sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'giu');
}

function personPair({ a, b }: { readonly a: string; readonly b: string }, winner: 'a' | 'b' | 'tie', at: string): Pair {
  return { kind: 'pair', a, b, by: 'person', winner, at };
}

/** What pairing needs of a record. Of its answer that is whether another is the same: the texts of a large run are not held. */
function light({
  id,
  promptId,
  endpoint,
  model,
  stage,
  status,
  warmup,
  answer,
  answerCut,
}: PairedRecord): PairedRecord {
  const digest = answer === undefined ? undefined : createHash('sha256').update(answer.trim()).digest('base64');
  return { id, promptId, endpoint, model, stage, status, warmup, answer: digest, answerCut };
}
