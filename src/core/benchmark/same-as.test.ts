import { describe, expect, it } from 'vitest';
import { packTimes } from './chunk-times.ts';
import type { RunRecord, Times } from './record.ts';
import { sameAs, sameAsSchema } from './same-as.ts';

function record(times: Times, more: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 'r1',
    promptId: 'p1',
    endpoint: 'lab',
    model: 'alpha',
    status: 'ok',
    scheduledAt: '2026-11-24T00:00:00.000Z',
    attempts: [{ times }],
    times,
    ...more,
  };
}

/**
 * Due at 0, sent at 100: a role at 150, a thought at 200, text at 300, 300 (both in one packet) and 400, a finish
 * reason at 410, the end at 450. The server counted 9 tokens.
 */
const answer = record(
  {
    sent: 100,
    headers: 140,
    firstEvent: 150,
    firstToken: 200,
    firstVisible: 300,
    lastToken: 400,
    lastChoice: 410,
    end: 450,
  },
  {
    chunks: 4,
    chunkTimes: packTimes([200, 300, 300, 400]),
    tokens: { input: 5, output: 9, reasoning: 2, source: 'server' },
  },
);

/** Tool, figure and what it is of all records together. */
function told(
  records: RunRecord[],
  key: 'mean' | 'p50' | 'n' | 'max' = 'mean',
): Record<string, (number | undefined)[]> {
  return Object.fromEntries(
    sameAs(records).map(({ tool, rows }) => [tool, rows.map(({ distribution }) => distribution?.[key])]),
  );
}

describe('the figures of other tools', () => {
  it('are those of an answer worked out by hand', () => {
    const figures = told([answer]);
    expect(figures).toEqual({
      // TTFT to the role; gaps 50, 100, 0, 100, 10; TPOT (310 − 50) / 8; E2E to the finish reason.
      'vLLM bench serve': [50, 52, 32.5, 310],
      // TTFT to the thought; TTFO to text; ITL (300 − 100) / 8; ICL of 100, 0, 100; to the last text.
      AIPerf: [100, 200, 25, 200 / 3, 300],
      // ITL as AIPerf; TPOT 300 / 9; to the end.
      GuideLLM: [100, 200, 25, 300 / 9, 350],
      // TTFT to text; TPOT (300 − 200) / 8; NTPOT 350 / 9.
      'inference-perf': [200, 12.5, 350 / 9, 350],
      // Gaps 200 (to the first text), 0, 100 … add up to the 300 to the last text; / 9.
      LLMPerf: [200, 300 / 9, 350],
      // As vLLM's, from the first event on.
      'OpenTelemetry GenAI': [50, 52, 350],
    });
  });

  it('are rows that the schema knows, with the tool’s own name of each', () => {
    const tools = sameAs([answer]);
    for (const tool of tools) expect(sameAsSchema.parse(tool)).toEqual(tool);
    expect(tools.map(({ tool, rows }) => [tool, rows.map(({ figure }) => figure)])).toEqual([
      ['vLLM bench serve', ['TTFT', 'ITL', 'TPOT', 'E2E']],
      ['AIPerf', ['TTFT', 'TTFO', 'ITL', 'ICL', 'request latency']],
      ['GuideLLM', ['TTFT', 'TTFOT', 'ITL', 'TPOT', 'request latency']],
      ['inference-perf', ['TTFT', 'TPOT', 'NTPOT', 'request latency']],
      ['LLMPerf', ['TTFT', 'inter-token latency', 'E2E latency']],
      [
        'OpenTelemetry GenAI',
        [
          'gen_ai.client.operation.time_to_first_chunk',
          'gen_ai.client.operation.time_per_output_chunk',
          'gen_ai.client.operation.duration',
        ],
      ],
    ]);
  });

  it('take the first choice where another event came before it', () => {
    const later = record({ ...answer.times, firstEvent: 120, firstChoice: 150 }, answer);
    const figures = told([{ ...later, times: { ...answer.times, firstEvent: 120, firstChoice: 150 } }]);
    expect(figures['vLLM bench serve']).toEqual([50, 52, 32.5, 310]);
    expect(figures['OpenTelemetry GenAI']).toEqual([20, 58, 350]);
  });

  it('put the gaps of all requests together, and give other figures one value a request', () => {
    const counts = told([answer, answer], 'n');
    expect(counts['vLLM bench serve']).toEqual([2, 10, 2, 2]);
    expect(counts.AIPerf).toEqual([2, 2, 2, 6, 2]);
  });

  it('leave out warm-up, waking, failures and what needed a retry', () => {
    const { times } = answer;
    const others = [
      { ...answer, warmup: true },
      { ...answer, coldStart: true },
      { ...answer, status: 'error' as const },
      { ...answer, attempts: [{ times }, { times }] },
    ];
    expect(told(others)).toEqual(told([]));
    expect(told(others).AIPerf).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('have no time per token for one token or an unknown number of them', () => {
    const single = { ...answer, tokens: { input: 5, output: 1, source: 'server' as const } };
    expect(told([single])['vLLM bench serve']).toEqual([50, 52, undefined, 310]);
    expect(told([single]).GuideLLM).toEqual([100, 200, undefined, 300, 350]);
    const { tokens: _, ...uncounted } = answer;
    expect(told([uncounted]).LLMPerf).toEqual([200, undefined, 350]);
  });

  it('that rest on a moment which nobody noted are absent, and the others are there', () => {
    const { firstEvent: _first, lastChoice: _last, ...older } = answer.times;
    const { chunkTimes: _chunks, ...rest } = answer;
    const figures = told([{ ...rest, times: older }]);
    expect(figures['vLLM bench serve']).toEqual([undefined, undefined, undefined, undefined]);
    expect(figures.AIPerf).toEqual([100, 200, 25, undefined, 300]);
    expect(figures['OpenTelemetry GenAI']).toEqual([undefined, undefined, 350]);
  });
});
