import type { RunRecord } from '../benchmark/record.ts';
import { seededOrder } from '../stats/random.ts';
import { type Outcome, outcomeKey } from './outcome.ts';

/** Two answers to one prompt, `a` by the model that stands earlier in the plan. */
export interface AnswerPair {
  readonly promptId: string;
  readonly a: string;
  readonly b: string;
  /** Both answers are the same: a tie, that nobody needs to be asked about. */
  readonly identical: boolean;
}

/** A pair as a person sees it, without knowing who wrote what. */
export interface BlindPair {
  readonly promptId: string;
  /** Ids of the records; `pair` tells which is `a`. */
  readonly left: string;
  readonly right: string;
  readonly pair: AnswerPair;
}

export type PairedRecord = Pick<
  RunRecord,
  'id' | 'promptId' | 'endpoint' | 'model' | 'stage' | 'status' | 'warmup' | 'answer' | 'answerCut'
>;

/** A model by what tells it from the others of its plan. */
type PlannedName = Pick<RunRecord, 'endpoint' | 'model'>;

/**
 * The pairs of answers that can be compared, one after the other as their second answer comes by: of each prompt, in each stage, the
 * nth answer of one model with the nth of every other. Measured answers only, stored and whole. A model that stands twice in
 * the plan counts once, because its records do not tell which they are.
 */
export function* answerPairs<R extends PairedRecord>(
  records: Iterable<R>,
  models: readonly PlannedName[],
): Generator<AnswerPair & { readonly records: readonly [R, R] }> {
  const places = new Map<string, number>();
  for (const model of models) if (!places.has(nameOf(model))) places.set(nameOf(model), places.size);
  const seen = new Map<string, number>();
  const waiting = new Map<string, { place: number; record: R }[]>();
  for (const record of records) {
    const place = places.get(nameOf(record));
    if (place === undefined || record.warmup === true) continue;
    const prompt = `${record.stage ?? 0} ${record.promptId}`;
    const mine = `${place} ${prompt}`;
    const nth = seen.get(mine) ?? 0;
    // What failed takes its turn, too: the others' answers stay beside those of the same turn.
    seen.set(mine, nth + 1);
    const turn = `${nth} ${prompt}`;
    const others = waiting.get(turn) ?? [];
    if (others.length + 1 >= places.size) waiting.delete(turn);
    else waiting.set(turn, others);
    for (const other of others) {
      if (!comparable(record) || !comparable(other.record)) continue;
      const both: readonly [R, R] = place < other.place ? [record, other.record] : [other.record, record];
      const [a, b] = both;
      yield {
        promptId: record.promptId,
        a: a.id,
        b: b.id,
        identical: (a.answer ?? '').trim() === (b.answer ?? '').trim(),
        records: both,
      };
    }
    others.push({ place, record });
  }
}

function nameOf({ endpoint, model }: PlannedName): string {
  return JSON.stringify([endpoint, model]);
}

function comparable({ status, answer, answerCut }: PairedRecord): boolean {
  return status === 'ok' && answer !== undefined && answerCut !== true;
}

/**
 * The pair that a person is to rate next; undefined: all that differ are rated. First those that nobody has rated, then
 * none. Of the pairs of models the one with the fewest ratings goes first, so that all are rated alike often; within it, and which
 * answer stands on the left, is drawn from the seed. Identical answers are never asked about: they have tied.
 */
export function nextPair(
  run: { readonly records: Iterable<PairedRecord>; readonly models: readonly PlannedName[] },
  outcomes: Iterable<Outcome>,
  seed: number,
): BlindPair | undefined {
  const rated = new Set<string>();
  for (const outcome of outcomes) {
    // A verdict that was taken back leaves its pair open.
    if (outcome.kind !== 'pair' || outcome.by !== 'person') continue;
    if (outcome.winner === undefined) rated.delete(outcomeKey(outcome));
    else rated.add(outcomeKey(outcome));
  }
  const groups = new Map<string, { rated: number; open: AnswerPair[] }>();
  for (const { records, ...pair } of answerPairs(run.records, run.models)) {
    if (pair.identical) continue;
    const name = records.map(nameOf).join();
    const group = groups.get(name) ?? { rated: 0, open: [] };
    groups.set(name, group);
    if (rated.has(personKey(pair))) group.rated++;
    else group.open.push(pair);
  }
  const open = [...groups.values()].filter((group) => group.open.length > 0);
  const fewest = Math.min(...open.map((group) => group.rated));
  const candidates = open.filter((group) => group.rated === fewest);
  // Of pairs of models with as few ratings, the draw decides, and it moves on with every rating.
  const draw = seed + rated.size;
  const group = candidates[seededOrder(candidates.length, draw)[0] ?? 0];
  const pair = group?.open[seededOrder(group.open.length, seed)[0] ?? 0];
  if (!pair) return undefined;
  const [side] = seededOrder(2, draw ^ textSeed(pair.a));
  const [left, right] = side === 0 ? [pair.a, pair.b] : [pair.b, pair.a];
  return { promptId: pair.promptId, left, right, pair };
}

function personKey({ a, b }: AnswerPair): string {
  return outcomeKey({ kind: 'pair', by: 'person', a, b, at: '' });
}

/** A whole number from a text (FNV-1a, 32 bits). */
function textSeed(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
