import { type EndpointFailureCode, Failure, type FailureCode, type FailureDetail } from '../../core/failure.ts';
import { type AttemptOutcome, type CallAttempt, lastAttempt } from './retry.ts';

/**
 * Groups in order, of at most `size` items and `maxBytes` together; an item larger than that is a group of its own.
 * @param bytesOf what an item adds to a request
 */
export function* batchesOf<Item>(
  items: Iterable<Item>,
  options: { size: number; maxBytes: number; bytesOf(item: Item): number },
): Generator<Item[], void, undefined> {
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = options.bytesOf(item);
    if (batch.length > 0 && (batch.length >= options.size || bytes + more > options.maxBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

/** A request and all its attempts; the last decides. */
interface AskedMany<Answer> {
  readonly attempts: readonly CallAttempt<AttemptOutcome>[];
  /** One for each item, in order; absent on failure. */
  readonly answers?: readonly Answer[] | undefined;
}

interface AskedOne<Answer> {
  readonly attempts: readonly CallAttempt<AttemptOutcome>[];
  readonly answer?: Answer | undefined;
}

/** What came of an item of a batch. */
export interface BatchItem<Answer> {
  readonly answer?: Answer | undefined;
  readonly failure?: FailureDetail | undefined;
  /** Items in the request that decided; 1: it was asked by itself. */
  readonly sentWith: number;
  /** Of all requests that the item was in, the decisive one last. */
  readonly attempts: readonly CallAttempt<AttemptOutcome>[];
}

interface BatchCalls<Item, Answer> {
  askMany(items: readonly Item[]): Promise<AskedMany<Answer>>;
  askOne(item: Item): Promise<AskedOne<Answer>>;
  /** Asked before the halves of a batch that failed are sent: false, and they are not (no money is left for it). */
  admitHalves?(failed: FailureDetail, items: readonly Item[]): boolean;
}

/**
 * Asks a batch. When it fails for what may be in it, its halves are asked, their halves, and at last single items, so
 * that a bad item costs only itself: one among n costs about 2 · log2 n more requests. When it fails for what has nothing
 * to do with its items (key, address, rate limit, network, cancelled), all of it has failed.
 */
export async function askBatch<Item, Answer>(
  items: readonly Item[],
  calls: BatchCalls<Item, Answer>,
): Promise<BatchItem<Answer>[]> {
  return ask(items, calls, []);
}

async function ask<Item, Answer>(
  items: readonly Item[],
  calls: BatchCalls<Item, Answer>,
  before: readonly CallAttempt<AttemptOutcome>[],
): Promise<BatchItem<Answer>[]> {
  try {
    return await askNow(items, calls, before);
  } catch (error) {
    // Cancelled before they were asked again: the answers to their neighbours are not lost.
    const last = before.at(-1);
    if (last === undefined || !(error instanceof Failure) || error.code !== 'cancelled') throw error;
    const attempts = [...before.slice(0, -1), { ...last, givenUp: 'cancelled' as const }];
    return items.map(() => ({ sentWith: items.length, attempts }));
  }
}

async function askNow<Item, Answer>(
  items: readonly Item[],
  calls: BatchCalls<Item, Answer>,
  before: readonly CallAttempt<AttemptOutcome>[],
): Promise<BatchItem<Answer>[]> {
  const [only] = items;
  if (only === undefined) return [];
  if (items.length === 1) {
    const { answer, attempts } = await calls.askOne(only);
    const { failure } = lastAttempt(attempts).outcome;
    return [{ answer, failure, sentWith: 1, attempts: [...before, ...attempts] }];
  }
  const { answers, attempts } = await calls.askMany(items);
  const { failure } = lastAttempt(attempts).outcome;
  const all = [...before, ...attempts];
  if (failure === undefined || !isOfItems(failure) || calls.admitHalves?.(failure, items) === false) {
    return items.map((_, at) => ({ answer: answers?.[at], failure, sentWith: items.length, attempts: all }));
  }
  const half = items.length >> 1;
  const first = await ask(items.slice(0, half), calls, all);
  return [...first, ...(await ask(items.slice(half), calls, all))];
}

const ofItems: ReadonlySet<FailureCode> = new Set<EndpointFailureCode>([
  'bad-request',
  'context-too-long',
  'too-large',
  'malformed',
  'empty',
  'timeout',
  'truncated-stream',
  // A custom model that stumbles over a row answers 500.
  'server',
]);

/** Whether a failure may come from what is in a batch, or from how much. */
function isOfItems({ code, status }: FailureDetail): boolean {
  return ofItems.has(code) && status !== 503 && status !== 529;
}
