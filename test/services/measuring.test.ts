import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackTimes } from '../../src/core/benchmark/chunk-times.ts';
import type { RunRecord } from '../../src/core/benchmark/record.ts';
import { sameAs } from '../../src/core/benchmark/same-as.ts';
import { type RunComparison, runComparisonSchema } from '../../src/core/benchmark/verdict.ts';
import { prepareReaders, readFiles } from './readers.ts';
import { prepareLlama } from './servers.ts';
import { grouped, mean, model, rows, startTappedLlama, type TappedLlama } from './tapped-llama.ts';

// Loads, gates and comparisons with a real model, whose own timings say what happened.

const prepared = await prepareLlama();
const { missing } = prepared;
const readers = missing === undefined ? await prepareReaders() : { missing };

/** Times are kept in hundredths of a millisecond. */
const resolution = 0.05;

describe.skipIf(missing !== undefined)(missing === undefined ? 'measuring llama.cpp' : `skipped: ${missing}`, () => {
  let llama: TappedLlama;
  const measured = (run: string) => llama.command.records(run).filter(({ warmup }) => !warmup);

  beforeAll(async () => {
    llama = await startTappedLlama('bin' in prepared ? prepared.bin : '');
    llama.command.write(
      'short.jsonl',
      rows(
        { id: 'week', prompt: 'How many days does a week have?' },
        { id: 'france', prompt: 'What is the capital of France?' },
        { id: 'sea', prompt: 'Write one sentence about the sea.' },
      ),
    );
  });
  afterAll(() => llama?.stop());

  describe('a sweep', () => {
    it('keeps in each stage so many requests in flight as it says, and its gates decide the exit code', async () => {
      const gates = ['error_share<=0', 'tokens>0', 'good_share>=1', 'p50_ttft_ms<60000', 'cost_usd<=0.000001'];
      const { code, stdout } = await llama.bench('sweep', 'short.jsonl', [
        ...['--models', model, '--sweep', 'concurrency=1,2', '--slo', 'ttft_ms<60000,e2e_ms<120000'],
        ...['--repeats', '2', '--warmup', '2', '--max-tokens', '12', '--json', '--junit', 'gates.xml'],
        ...gates.flatMap((gate) => ['--gate', gate]),
      ]);
      const records = llama.command.records('sweep');
      expect(records.map(({ status }) => status)).toEqual(records.map(() => 'ok'));
      for (const [stage, most] of [1, 2].entries()) {
        const own = records.filter((record) => (record.stage ?? 0) === stage);
        expect(own.map(({ warmup }) => warmup === true).sort()).toEqual([
          ...Array.from({ length: 6 }, () => false),
          ...Array.from({ length: 2 }, () => true),
        ]);
        expect(mostInFlight(own)).toBe(most);
      }
      // Between two stages all answers are awaited.
      const [first, second] = [0, 1].map((stage) => records.filter((record) => (record.stage ?? 0) === stage));
      expect(Math.min(...second!.map((record) => at(record).sent))).toBeGreaterThanOrEqual(
        Math.max(...first!.map((record) => at(record).end)) - 1,
      );

      const printed = JSON.parse(stdout);
      expect(printed.stages).toMatchObject([
        { load: { kind: 'closed', concurrency: 1 }, summaries: [{ counts: { requests: 6 }, good: { share: 1 } }] },
        { load: { kind: 'closed', concurrency: 2 }, summaries: [{ counts: { requests: 6 }, good: { share: 1 } }] },
      ]);
      // On a busy machine the run may be not valid, and says so; then no time passes.
      const valid = printed.invalid === undefined;
      const passed = Object.fromEntries(printed.gates.map((gate: any) => [gate.gate, gate.passed]));
      expect(passed).toEqual({
        'error_share<=0': true,
        'tokens>0': true,
        'good_share>=1': valid,
        'p50_ttft_ms<60000': valid,
        'cost_usd<=0.000001': false,
      });
      expect(code).toBe(1);
      expect(llama.command.read('gates.xml')).toContain(`failures="${valid ? 1 : 3}"`);
    });
  });

  describe('Poisson arrivals', () => {
    const rate = (run: string, seed: number) =>
      llama.bench(run, 'short.jsonl', [
        ...['--models', model, '--rate', '6', '--repeats', '2', '--warmup', '0', '--max-tokens', '12'],
        ...['--seed', String(seed), '--gate', 'error_share<=0', '--gate', `${model}:tokens<100000`],
      ]);

    it('come when the seed says, whatever became of those before them', async () => {
      expect(await rate('poisson', 3)).toMatchObject({ code: 0, stdout: expect.stringMatching(/All 2 gates passed/) });
      expect((await rate('poisson-again', 3)).code).toBe(0);
      const gaps = (run: string) => {
        const times = llama.command.records(run).map(({ scheduledAt }) => Date.parse(scheduledAt));
        times.sort((a, b) => a - b);
        return times.slice(1).map((time, index) => time - times[index]!);
      };
      const [one, other] = [gaps('poisson'), gaps('poisson-again')];
      expect(one).toHaveLength(5);
      // ISO times are whole milliseconds.
      for (const [index, gap] of one.entries()) expect(Math.abs(gap - other[index]!)).toBeLessThanOrEqual(2);
      for (const { times } of llama.command.records('poisson')) expect(times.sent).toBeGreaterThanOrEqual(0);
      const [summary] = llama.command.summary('poisson').models;
      expect(summary!.e2eFromScheduleMs!.p50).toBeGreaterThanOrEqual(summary!.e2eMs!.min);
    });

    it('are compared with those of another run, and with a sweep that has no load in common', async () => {
      const compared = async (...args: string[]): Promise<RunComparison> => {
        const { code, stdout } = await llama.command.run(['compare', ...args, '--json']);
        expect(code).toBe(0);
        return runComparisonSchema.parse(JSON.parse(stdout));
      };
      const same = await compared('poisson', 'poisson-again');
      expect(same.changes).toEqual([]);
      const metrics = new Map(same.models[0]!.metrics.map((metric) => [metric.metric, metric]));
      // On a busy machine a run may be not valid, and says so; then no time is compared.
      const valid = ['poisson', 'poisson-again'].every((run) => llama.command.summary(run).invalid === undefined);
      const timed = valid ? ['ttft', 'e2e'] : [];
      expect([...metrics.keys()]).toEqual([...timed, 'cost']);
      const means = (run: string, of: (record: RunRecord) => number) =>
        mean(grouped(measured(run), ({ promptId }) => promptId).map((list) => mean(list.map(of))));
      // They came by the clock, so latency counts from the schedule, where the times begin.
      for (const [metric, of] of [
        ['ttft', ({ times }: RunRecord) => times.firstToken!],
        ['e2e', ({ times }: RunRecord) => times.lastToken!],
        ['cost', ({ costUsd }: RunRecord) => costUsd!],
      ] as const) {
        const compared = metrics.get(metric);
        if (!compared) continue;
        const { a, b, n, effect, outcome, scale } = compared;
        expect(n).toBe(3);
        const [before, after] = ['poisson', 'poisson-again'].map((run) =>
          scale === 'ratio' ? Math.exp(means(run, (record) => Math.log(of(record)))) : means(run, of),
        );
        expect(a).toBeCloseTo(before!, 9);
        expect(b).toBeCloseTo(after!, 9);
        expect(effect).toBeCloseTo(scale === 'ratio' ? b / a : b - a, 9);
        // Three prompts can show no difference.
        expect(['tied', 'too-few']).toContain(outcome);
      }

      const other = await compared('sweep', 'poisson');
      expect(other.changes.join('\n')).toMatch(/Load: a sweep of 1 in flight; 2 in flight before, Poisson arrivals/);
      expect(other.models[0]!.metrics).toEqual([]);
      expect(other.models[0]!.words.join(' ')).toMatch(/at the same load/);
      expect((await llama.command.run(['compare', 'poisson', 'nowhere'])).code).toBe(2);
    });
  });

  describe('what the server says of the same answers', () => {
    const answers = () => ['sweep', 'poisson', 'poisson-again'].flatMap((run) => llama.command.records(run));

    it('agrees with the times: its work lies within ours', () => {
      expect(answers()).toHaveLength(28);
      for (const { id, times, tokens } of answers()) {
        const { timings } = llama.tappedBy(id);
        const { prompt_ms, predicted_ms, predicted_n } = timings!;
        expect(tokens!.output).toBe(predicted_n);
        expect(times.firstToken! - times.sent).toBeGreaterThanOrEqual(prompt_ms - resolution);
        expect(times.end - times.sent).toBeGreaterThanOrEqual(prompt_ms + predicted_ms - resolution);
      }
    });

    it('agrees with the chunks: as many as events with text, the end after the last', () => {
      for (const { id, times, chunks, chunkTimes } of answers()) {
        const { events } = llama.tappedBy(id);
        const texts = events.filter((event) => event.choices?.[0]?.delta?.content);
        expect(chunks).toBe(texts.length);
        const arrivals = unpackTimes(chunkTimes!)!;
        expect(arrivals).toHaveLength(texts.length);
        expect(arrivals.at(-1)).toBeCloseTo(times.lastToken! - times.firstToken!, 1);
        expect(arrivals.every((time, index) => index === 0 || time >= arrivals[index - 1]!)).toBe(true);
        // It begins with an event that has a role only, and ends with one that has a reason, and one with the usage.
        expect(events[0].choices[0].delta).toEqual({ role: 'assistant', content: null });
        expect(times.firstEvent).toBeLessThanOrEqual(times.firstToken!);
        expect(times.firstChoice).toBeUndefined();
        expect(times.lastChoice).toBeGreaterThanOrEqual(times.lastToken!);
        expect(times.lastChoice).toBeLessThanOrEqual(times.end);
      }
    });

    it('agrees with the figures of other tools', () => {
      const ours = answers().filter(({ warmup }) => !warmup);
      const figures = new Map(
        sameAs(ours).flatMap(({ tool, rows }) => rows.map((row) => [`${tool} ${row.figure}`, row.distribution!])),
      );
      const timings = ours.map(({ id }) => llama.tappedBy(id).timings!);
      const least = (name: string) => figures.get(name)!.mean;
      for (const [name, { n }] of figures) expect(n, name).toBeGreaterThanOrEqual(ours.length);
      const orders = [
        ['OpenTelemetry GenAI gen_ai.client.operation.time_to_first_chunk', 'vLLM bench serve TTFT'],
        ['vLLM bench serve TTFT', 'AIPerf TTFT'],
        ['AIPerf TTFT', 'AIPerf request latency'],
        ['AIPerf request latency', 'vLLM bench serve E2E'],
        ['vLLM bench serve E2E', 'GuideLLM request latency'],
        ['AIPerf ITL', 'vLLM bench serve TPOT'],
        ['inference-perf TPOT', 'inference-perf NTPOT'],
      ] as const;
      for (const [one, other] of orders) expect(least(one), `${one} ≤ ${other}`).toBeLessThanOrEqual(least(other));
      expect(least('AIPerf TTFT')).toBeGreaterThanOrEqual(mean(timings.map(({ prompt_ms }) => prompt_ms)));
      // vLLM's clock runs to the last event with a choice, which comes with the server's last token.
      const perToken = mean(timings.map(({ predicted_ms, predicted_n }) => predicted_ms / (predicted_n - 1)));
      expect(least('vLLM bench serve TPOT')).toBeGreaterThan(0.5 * perToken - 10);
      expect(least('vLLM bench serve TPOT')).toBeLessThan(2 * perToken + 20);
      const chunks = ours.reduce((sum, record) => sum + record.chunks! - 1, 0);
      expect(figures.get('AIPerf ICL')!.n).toBe(chunks);
    });

    it('agrees with the connections: only a request that came first on one has its parts', () => {
      const opened = answers().filter(({ attempts }) => attempts[0]!.connection !== undefined);
      expect(opened.length).toBeGreaterThanOrEqual(3);
      expect(opened.length).toBeLessThan(answers().length);
      for (const { id, attempts } of answers()) {
        const [{ connection }] = attempts as [RunRecord['attempts'][number]];
        expect(connection !== undefined, id).toBe(llama.tappedBy(id).before === 0);
        if (connection === undefined) continue;
        expect(connection.tcpMs).toBeGreaterThanOrEqual(0);
        // An address is looked up nowhere, and plain http has no TLS.
        expect(connection.dnsMs).toBeUndefined();
        expect(connection.tlsMs).toBeUndefined();
      }
    });

    it('agrees with what others read in the exports', async ({ skip }) => {
      if (!('bin' in readers)) return skip(readers.missing);
      const paths = { otel: 'sweep.otel.json', junit: 'sweep.xml', csv: 'sweep.csv' };
      for (const [format, out] of Object.entries(paths))
        expect(await llama.command.run(['report', 'sweep', '--format', format, '--out', out])).toMatchObject({
          code: 0,
        });
      const { command } = llama;
      const { otel, csv } = readFiles(readers.bin, [
        command.path(paths.otel),
        command.path(paths.junit),
        command.path(paths.csv),
      ]);
      const own = measured('sweep');
      const usages = own.map(({ id }) => llama.tappedBy(id).events.at(-1).usage);
      const sums = Object.fromEntries(
        otel.metrics.flatMap(({ name, points }: any) =>
          points.map((point: any) => [`${name} ${point.attributes['gen_ai.token.type'] ?? ''}`.trim(), point.sum]),
        ),
      );
      const sum = (of: readonly number[]) => of.reduce((all, one) => all + one, 0);
      expect(sums['gen_ai.client.token.usage input']).toBe(sum(usages.map(({ prompt_tokens }) => prompt_tokens)));
      expect(sums['gen_ai.client.token.usage output']).toBe(
        sum(usages.map(({ completion_tokens }) => completion_tokens)),
      );
      // From the first chunk to the last are all the gaps between them.
      const spans = own.map(({ times }) => (times.lastChoice! - times.firstEvent!) / 1000);
      expect(sums['gen_ai.client.operation.time_per_output_chunk']).toBeCloseTo(sum(spans), 3);
      expect(csv.map((row: any) => [row.request_id, row.tokens_out, row.warmup])).toEqual(
        command.records('sweep').map(({ id, tokens, warmup }) => [id, `${tokens!.output}`, `${warmup === true}`]),
      );
    });

    it('agrees with the cost: tokens of the usage at the prices of the configuration', () => {
      for (const { id, tokens, costUsd } of answers()) {
        const { usage } = llama.tappedBy(id).events.at(-1);
        expect(tokens).toMatchObject({ input: usage.prompt_tokens, output: usage.completion_tokens });
        expect(tokens!.cachedInput ?? 0).toBe(usage.prompt_tokens_details.cached_tokens);
        expect(costUsd).toBeCloseTo((usage.prompt_tokens + 2 * usage.completion_tokens) / 1e6, 12);
      }
    });
  });
});

/** Sending and end on the wall clock, ms. */
function at({ scheduledAt, times }: RunRecord): { sent: number; end: number } {
  const due = Date.parse(scheduledAt);
  return { sent: due + times.sent, end: due + times.end };
}

function mostInFlight(records: readonly RunRecord[]): number {
  const spans = records.map(at);
  // One ends and the next begins within the same millisecond of the wall clock.
  return Math.max(...spans.map(({ sent }) => spans.filter((one) => one.sent <= sent && sent < one.end - 2).length));
}
