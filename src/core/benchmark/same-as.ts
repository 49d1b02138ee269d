import * as z from 'zod/mini';
import { type Distribution, distributionSchema } from '../stats/distribution.ts';
import { distribution } from '../stats/quantiles.ts';
import { Values } from '../stats/values.ts';
import { latencyCounts } from './attempts.ts';
import { eachGap } from './chunk-times.ts';
import { GapTally } from './gap-tally.ts';
import type { RunRecord } from './record.ts';

/** The figures of one tool, as it would have told them of the same answers. */
export const sameAsSchema = z.object({
  tool: z.string(),
  rows: z.array(
    z.object({
      /** The tool's own name of it. */
      figure: z.string(),
      /** How the tool defines it, in our words. */
      words: z.string(),
      /** ms. Absent: no answer has it. */
      distribution: z.optional(distributionSchema),
    }),
  ),
});

export type SameAs = z.infer<typeof sameAsSchema>;

/** What holds for all of them; to be shown beside the figures. */
export const sameAsNote =
  'The same answers by the definitions of other tools, in ms. All begin when the request is handed to a connected socket; where a tool’s own clock starts earlier, its client’s work and waiting for a connection come on top. n is the number of output tokens as the server counted it (usage); AIPerf, inference-perf and LLMPerf count with a tokenizer of their own unless told otherwise, and their figures per token differ accordingly.';

/** Times of one answer, ms from `sent`; what is not known is undefined. */
interface AnswerTimes {
  /** First event, whatever it carries. */
  readonly firstEvent: number | undefined;
  /** First event with a choice, also an empty one. */
  readonly firstChoice: number | undefined;
  readonly firstToken: number;
  readonly firstVisible: number | undefined;
  readonly lastToken: number;
  readonly lastChoice: number | undefined;
  readonly end: number;
  /** Output tokens; undefined: nobody told, and we did not count. */
  readonly n: number | undefined;
  readonly chunkTimes: string | undefined;
}

interface Figure {
  readonly figure: string;
  readonly words: string;
  /** Of one answer, ms. */
  readonly of?: (answer: AnswerTimes) => number | undefined;
  /** Of all answers together: their gaps. */
  readonly gaps?: (answer: AnswerTimes, take: (ms: number, count: number) => void) => void;
}

const perGap = (from: number | undefined, to: number | undefined, n: number | undefined) =>
  from === undefined || to === undefined || n === undefined || n < 2 ? undefined : (to - from) / (n - 1);
const perToken = (span: number, n: number | undefined) => (n === undefined || n < 1 ? undefined : span / n);

const ttft = ({ firstToken }: AnswerTimes) => firstToken;
const visible = ({ firstVisible }: AnswerTimes) => firstVisible;
const lastToken = (answer: AnswerTimes) => answer.lastToken;
const end = (answer: AnswerTimes) => answer.end;
const meanGap = ({ firstToken, lastToken, n }: AnswerTimes) => perGap(firstToken, lastToken, n);
const whole = ({ lastToken, n }: AnswerTimes) => perToken(lastToken, n);

/** Gaps between chunks with a token. */
function chunkGaps({ chunkTimes }: Pick<AnswerTimes, 'chunkTimes'>, take: (ms: number, count: number) => void): void {
  if (chunkTimes !== undefined) eachGap(chunkTimes, take);
}

/** The same with the gaps to events before the first token and after the last that carry none. */
function eventGaps(
  first: number | undefined,
  answer: Pick<AnswerTimes, 'firstToken' | 'lastToken' | 'lastChoice' | 'chunkTimes'>,
  take: (ms: number, count: number) => void,
): void {
  const { firstToken, lastToken, lastChoice } = answer;
  if (first === undefined || lastChoice === undefined) return;
  if (firstToken > first) take(firstToken - first, 1);
  chunkGaps(answer, take);
  if (lastChoice > lastToken) take(lastChoice - lastToken, 1);
}

/**
 * The gaps between the chunks of one streamed answer as OpenTelemetry counts them, in ms: events without a token at its beginning and
 * end are chunks, too, as far as the record has them.
 */
export function everyChunkGap(
  { times, chunkTimes }: Pick<RunRecord, 'times' | 'chunkTimes'>,
  take: (ms: number, count: number) => void,
): void {
  const { firstEvent, firstToken, lastToken, lastChoice } = times;
  if (firstToken === undefined || lastToken === undefined) return;
  const answer = { firstToken, lastToken, lastChoice: lastChoice ?? lastToken, chunkTimes };
  eventGaps(firstEvent ?? firstToken, answer, take);
}

const tools: readonly { readonly tool: string; readonly figures: readonly Figure[] }[] = [
  {
    tool: 'vLLM bench serve',
    figures: [
      {
        figure: 'TTFT',
        words: 'to the first event that carries a choice, even one that has only a role and no text',
        of: ({ firstChoice }) => firstChoice,
      },
      {
        figure: 'ITL',
        words:
          'every gap between events that carry a choice, of all requests together; events that came in one packet are a gap of 0. Events without a token that lie between tokens, or in one packet with one, are not counted here',
        gaps: (answer, take) => eventGaps(answer.firstChoice, answer, take),
      },
      {
        figure: 'TPOT',
        words: '(E2E − TTFT) / (n − 1), of requests with more than one token',
        of: ({ firstChoice, lastChoice, n }) => perGap(firstChoice, lastChoice, n),
      },
      {
        figure: 'E2E',
        words: 'to the last event that carries a choice, such as the one with the finish reason',
        of: ({ lastChoice }) => lastChoice,
      },
    ],
  },
  {
    tool: 'AIPerf',
    figures: [
      { figure: 'TTFT', words: 'to the first chunk with content, reasoning included', of: ttft },
      { figure: 'TTFO', words: 'to the first chunk with visible content', of: visible },
      { figure: 'ITL', words: '(request latency − TTFT) / (n − 1), one value a request', of: meanGap },
      { figure: 'ICL', words: 'every gap between chunks with content, of all requests together', gaps: chunkGaps },
      { figure: 'request latency', words: 'to the last chunk with content', of: lastToken },
    ],
  },
  {
    tool: 'GuideLLM',
    figures: [
      { figure: 'TTFT', words: 'to the first token, reasoning included', of: ttft },
      { figure: 'TTFOT', words: 'to the first visible token', of: visible },
      {
        figure: 'ITL',
        words:
          '(last token − first token) / (n − 1), one value a request; GuideLLM weights them by their tokens, here each counts once',
        of: meanGap,
      },
      { figure: 'TPOT', words: '(last token − start) / n: the time to the first token is in it', of: whole },
      { figure: 'request latency', words: 'to the end of the response', of: end },
    ],
  },
  {
    tool: 'inference-perf',
    figures: [
      { figure: 'TTFT', words: 'to the first chunk with visible text', of: visible },
      {
        figure: 'TPOT',
        words: '(last token − first token) / (n − 1)',
        of: ({ firstVisible, lastToken, n }) => perGap(firstVisible, lastToken, n),
      },
      { figure: 'NTPOT', words: 'request latency / n', of: ({ end, n }) => perToken(end, n) },
      { figure: 'request latency', words: 'to the end of the response', of: end },
    ],
  },
  {
    tool: 'LLMPerf',
    figures: [
      { figure: 'TTFT', words: 'to the first chunk with visible text', of: visible },
      {
        figure: 'inter-token latency',
        words: 'the sum of all gaps between tokens / n, where the time to the first token counts as a gap, too',
        of: whole,
      },
      { figure: 'E2E latency', words: 'to the end of the response', of: end },
    ],
  },
  {
    tool: 'OpenTelemetry GenAI',
    figures: [
      {
        figure: 'gen_ai.client.operation.time_to_first_chunk',
        words: 'to the first chunk, whatever it carries (OpenTelemetry counts in seconds, here and below)',
        of: ({ firstEvent }) => firstEvent,
      },
      {
        figure: 'gen_ai.client.operation.time_per_output_chunk',
        words:
          'from each chunk to the next, after the first, of all requests together; chunks without a token as with vLLM',
        gaps: (answer, take) => eventGaps(answer.firstEvent, answer, take),
      },
      { figure: 'gen_ai.client.operation.duration', words: 'to the end of the response', of: end },
    ],
  },
];

/**
 * The figures of other tools, from records as they pass by: of measured answers whose first attempt succeeded, as all latency. To be
 * shown of streamed answers only. Kept are a number a request for each distinct figure, and counts of gaps.
 */
export class SameAsTally {
  readonly #values = new Map<NonNullable<Figure['of']>, Values>();
  readonly #gaps = new Map<NonNullable<Figure['gaps']>, GapTally>();

  constructor() {
    for (const { of, gaps } of tools.flatMap(({ figures }) => figures)) {
      if (of) this.#values.set(of, new Values());
      if (gaps) this.#gaps.set(gaps, new GapTally());
    }
  }

  /** Records of one model; those that count in no latency figure are passed over. */
  add(record: RunRecord): void {
    if (record.warmup || record.coldStart || !latencyCounts(record)) return;
    const answer = answerTimes(record);
    if (!answer) return;
    for (const [of, values] of this.#values) {
      const value = of(answer);
      if (value !== undefined) values.push(value);
    }
    for (const [gapsOf, tally] of this.#gaps) gapsOf(answer, (ms, count) => tally.add(ms, count));
  }

  result(): SameAs[] {
    const made = new Map<unknown, Distribution | undefined>();
    for (const [of, values] of this.#values) made.set(of, distribution(values.all()));
    for (const [gaps, tally] of this.#gaps) made.set(gaps, tally.distribution());
    return tools.map(({ tool, figures }) => ({
      tool,
      rows: figures.map(({ figure, words, of, gaps }) => ({ figure, words, distribution: made.get(of ?? gaps) })),
    }));
  }
}

/** The same of records at hand, which are one model's. */
export function sameAs(records: Iterable<RunRecord>): SameAs[] {
  const tally = new SameAsTally();
  for (const record of records) tally.add(record);
  return tally.result();
}

function answerTimes({ times, tokens, chunkTimes }: RunRecord): AnswerTimes | undefined {
  const { sent, firstEvent, firstToken, firstVisible, lastToken, lastChoice, end } = times;
  if (firstToken === undefined || lastToken === undefined) return undefined;
  const firstChoice = times.firstChoice ?? firstEvent;
  const since = (at: number | undefined) => (at === undefined ? undefined : at - sent);
  return {
    firstEvent: since(firstEvent),
    firstChoice: since(firstChoice),
    firstToken: firstToken - sent,
    firstVisible: since(firstVisible),
    lastToken: lastToken - sent,
    lastChoice: since(lastChoice),
    end: end - sent,
    n: tokens?.output,
    chunkTimes,
  };
}
