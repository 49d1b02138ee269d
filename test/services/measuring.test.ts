import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackTimes } from '../../src/core/benchmark/chunk-times.ts';
import type { RunRecord } from '../../src/core/benchmark/record.ts';
import { sameAs } from '../../src/core/benchmark/same-as.ts';
import { type RunComparison, runComparisonSchema } from '../../src/core/benchmark/verdict.ts';
import type { Outcome } from '../../src/core/quality/outcome.ts';
import { Command } from './command.ts';
import { modelName, prepareLlama, type Server, startLlama } from './servers.ts';
import { startTap, type Tap, type Tapped } from './tap.ts';

// Loads, checks, judges, gates and comparisons with a real model, whose own timings say what happened.

const prepared = await prepareLlama();
const { missing } = prepared;

/** Times are kept in hundredths of a millisecond. */
const resolution = 0.05;
const model = `real/${modelName}`;
/** So small a judge knows no better than to repeat some of it. */
const rubric = 'Write {"score": 4} at once, or {"winner": "1"} for two, and no reasons.';

describe.skipIf(missing !== undefined)(missing === undefined ? 'measuring llama.cpp' : `skipped: ${missing}`, () => {
  let command: Command;
  let server: Server;
  let tap: Tap;
  const bench = (run: string, prompts: string, args: readonly string[], config = 'tierwise.json') =>
    command.run(['bench', '--config', config, '--prompts', prompts, '--out', run, '--yes', '--no-calibrate', ...args]);
  const tappedBy = (id: string): Tapped => {
    const found = tap.tapped.filter((one) => one.id === id);
    expect(found, id).toHaveLength(1);
    return found[0]!;
  };
  const measured = (run: string) => command.records(run).filter(({ warmup }) => !warmup);
  const rows = (...all: readonly object[]) => all.map((row) => `${JSON.stringify(row)}\n`).join('');

  beforeAll(async () => {
    command = new Command();
    server = await startLlama('bin' in prepared ? prepared.bin : '', { embeddings: true });
    tap = await startTap(server.baseUrl);
    const endpoints = [
      {
        id: 'real',
        protocol: 'openai',
        baseUrl: tap.baseUrl,
        models: [
          { id: modelName, inputPrice: 1, outputPrice: 2 },
          // It takes any name for its only model.
          { id: 'another-name', inputPrice: 1, outputPrice: 2 },
          { id: 'judge', inputPrice: 3, cachedInputPrice: 0.5, outputPrice: 4 },
          { id: 'embedder', task: 'embeddings', inputPrice: 5 },
        ],
      },
    ];
    command.write('tierwise.json', { endpoints });
    const judge = { model: 'real/judge', rubric, maxTokens: 40, pairs: true };
    command.write('judge.json', { endpoints, benchmark: { evaluation: { judge } } });
    command.write(
      'short.jsonl',
      rows(
        { id: 'week', prompt: 'How many days does a week have?' },
        { id: 'france', prompt: 'What is the capital of France?' },
        { id: 'sea', prompt: 'Write one sentence about the sea.' },
      ),
    );
  });
  afterAll(async () => {
    command?.remove();
    await tap?.close();
    await server?.kill();
  });

  describe('a sweep', () => {
    it('keeps in each stage so many requests in flight as it says, and its gates decide the exit code', async () => {
      const gates = ['error_share<=0', 'tokens>0', 'good_share>=1', 'p50_ttft_ms<60000', 'cost_usd<=0.000001'];
      const { code, stdout } = await bench('sweep', 'short.jsonl', [
        ...['--models', model, '--sweep', 'concurrency=1,2', '--slo', 'ttft_ms<60000,e2e_ms<120000'],
        ...['--repeats', '2', '--warmup', '2', '--max-tokens', '12', '--json', '--junit', 'gates.xml'],
        ...gates.flatMap((gate) => ['--gate', gate]),
      ]);
      const records = command.records('sweep');
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
      expect(command.read('gates.xml')).toContain(`failures="${valid ? 1 : 3}"`);
    });
  });

  describe('Poisson arrivals', () => {
    const rate = (run: string, seed: number) =>
      bench(run, 'short.jsonl', [
        ...['--models', model, '--rate', '6', '--repeats', '2', '--warmup', '0', '--max-tokens', '12'],
        ...['--seed', String(seed), '--gate', 'error_share<=0', '--gate', `${model}:tokens<100000`],
      ]);

    it('come when the seed says, whatever became of those before them', async () => {
      expect(await rate('poisson', 3)).toMatchObject({ code: 0, stdout: expect.stringMatching(/All 2 gates passed/) });
      expect((await rate('poisson-again', 3)).code).toBe(0);
      const gaps = (run: string) => {
        const times = command.records(run).map(({ scheduledAt }) => Date.parse(scheduledAt));
        times.sort((a, b) => a - b);
        return times.slice(1).map((time, index) => time - times[index]!);
      };
      const [one, other] = [gaps('poisson'), gaps('poisson-again')];
      expect(one).toHaveLength(5);
      // ISO times are whole milliseconds.
      for (const [index, gap] of one.entries()) expect(Math.abs(gap - other[index]!)).toBeLessThanOrEqual(2);
      for (const { times } of command.records('poisson')) expect(times.sent).toBeGreaterThanOrEqual(0);
      const [summary] = command.summary('poisson').models;
      expect(summary!.e2eFromScheduleMs!.p50).toBeGreaterThanOrEqual(summary!.e2eMs!.min);
    });

    it('are compared with those of another run, and with a sweep that has no load in common', async () => {
      const compared = async (...args: string[]): Promise<RunComparison> => {
        const { code, stdout } = await command.run(['compare', ...args, '--json']);
        expect(code).toBe(0);
        return runComparisonSchema.parse(JSON.parse(stdout));
      };
      const same = await compared('poisson', 'poisson-again');
      expect(same.changes).toEqual([]);
      const metrics = new Map(same.models[0]!.metrics.map((metric) => [metric.metric, metric]));
      expect([...metrics.keys()]).toEqual(['ttft', 'e2e', 'cost']);
      const logs = (run: string, of: (record: RunRecord) => number) => {
        const byPrompt = grouped(measured(run), ({ promptId }) => promptId);
        return Math.exp(mean(byPrompt.map((list) => mean(list.map((record) => Math.log(of(record)))))));
      };
      for (const [metric, of] of [
        ['ttft', ({ times }: RunRecord) => times.firstToken! - times.sent],
        ['e2e', ({ times }: RunRecord) => times.lastToken! - times.sent],
        ['cost', ({ costUsd }: RunRecord) => costUsd!],
      ] as const) {
        const { a, b, n, effect, outcome } = metrics.get(metric)!;
        expect(n).toBe(3);
        expect(a).toBeCloseTo(logs('poisson', of), 9);
        expect(b).toBeCloseTo(logs('poisson-again', of), 9);
        expect(effect).toBeCloseTo(b / a, 9);
        // Three prompts can show no difference.
        expect(['tied', 'too-few']).toContain(outcome);
      }

      const other = await compared('sweep', 'poisson');
      expect(other.changes.join('\n')).toMatch(/Load: a sweep of 1 in flight; 2 in flight before, Poisson arrivals/);
      expect(other.models[0]!.metrics).toEqual([]);
      expect(other.models[0]!.words.join(' ')).toMatch(/at the same load/);
      expect((await command.run(['compare', 'poisson', 'nowhere'])).code).toBe(2);
    });
  });

  describe('what the server says of the same answers', () => {
    const answers = () => ['sweep', 'poisson', 'poisson-again'].flatMap((run) => command.records(run));

    it('agrees with the times: its work lies within ours', () => {
      expect(answers()).toHaveLength(28);
      for (const { id, times, tokens } of answers()) {
        const { timings } = tappedBy(id);
        const { prompt_ms, predicted_ms, predicted_n, predicted_per_token_ms } = timings!;
        expect(tokens!.output).toBe(predicted_n);
        expect(times.firstToken! - times.sent).toBeGreaterThanOrEqual(prompt_ms - resolution);
        expect(times.end - times.sent).toBeGreaterThanOrEqual(prompt_ms + predicted_ms - resolution);
        if (tokens!.output < 5) continue;
        // A mark that ends the answer is the server's last token and nobody's chunk; arrival may be late or bunched.
        const tpot = (times.lastToken! - times.firstToken!) / (tokens!.output - 1);
        expect(tpot).toBeGreaterThan(0.4 * predicted_per_token_ms - 10);
        expect(tpot).toBeLessThan(2 * predicted_per_token_ms + 20);
      }
    });

    it('agrees with the chunks: as many as events with text, the end after the last', () => {
      for (const { id, times, chunks, chunkTimes } of answers()) {
        const { events } = tappedBy(id);
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
      const timings = ours.map(({ id }) => tappedBy(id).timings!);
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
        expect(connection !== undefined, id).toBe(tappedBy(id).before === 0);
        if (connection === undefined) continue;
        expect(connection.tcpMs).toBeGreaterThanOrEqual(0);
        // An address is looked up nowhere, and plain http has no TLS.
        expect(connection.dnsMs).toBeUndefined();
        expect(connection.tlsMs).toBeUndefined();
      }
    });

    it('agrees with the cost: tokens of the usage at the prices of the configuration', () => {
      for (const { id, tokens, costUsd } of answers()) {
        const { usage } = tappedBy(id).events.at(-1);
        expect(tokens).toMatchObject({ input: usage.prompt_tokens, output: usage.completion_tokens });
        expect(tokens!.cachedInput ?? 0).toBe(usage.prompt_tokens_details.cached_tokens);
        expect(costUsd).toBeCloseTo((usage.prompt_tokens + 2 * usage.completion_tokens) / 1e6, 12);
      }
    });
  });

  describe('checks', () => {
    const sentence = 'The capital of France is Paris.';
    const checks = [
      { type: 'contains', ignoreCase: true },
      { type: 'equals' },
      { type: 'regex', pattern: '^\\W*\\p{L}+', flags: 'u' },
      { type: 'regex', pattern: '(a+)+$', flags: 'm', not: true },
      { type: 'json' },
      { type: 'json-schema', schema: { type: 'object' }, not: true },
      { type: 'number', value: 7 },
      { type: 'code', not: true },
      { type: 'similarity', value: sentence, least: 0.5 },
      { type: 'similarity', value: sentence, least: 0.999 },
      { type: 'max-tokens', most: 16 },
      { type: 'max-tokens', most: 3 },
      { type: 'refusal', not: true },
      { type: 'language', language: 'en' },
    ];
    const code = { id: 'code', prompt: 'Write a JavaScript function that adds two numbers.' };

    it('of every kind are decided on what the model said', async () => {
      command.write(
        'checked.jsonl',
        rows(
          { id: 'week', prompt: 'How many days does a week have?', reference: '7 days', checks },
          { id: 'france', prompt: 'What is the capital of France?', reference: 'Paris', checks },
          {
            ...code,
            checks: [{ type: 'code' }, { type: 'code', language: 'javascript' }, { type: 'code', language: 'go' }],
          },
        ),
      );
      const { code: exit, stdout } = await bench('checked', 'checked.jsonl', [
        ...['--models', model, '--embedding-model', 'embedder', '--warmup', '0', '--max-tokens', '64', '--json'],
        ...['--gate', 'checks>=0', '--gate', 'quality<=1'],
      ]);
      expect(exit).toBe(0);
      const records = new Map(command.records('checked').map((record) => [record.promptId, record]));
      const outcomes = command.outcomes('checked').filter((outcome) => outcome.kind === 'check');
      expect(outcomes).toHaveLength(2 * checks.length + 3);
      const scores = (id: string) => {
        const own = outcomes.filter(({ record }) => record === records.get(id)!.id);
        return own.sort((a, b) => a.check - b.check).map(({ score }) => score);
      };
      for (const [id, reference] of [
        ['week', '7 days'],
        ['france', 'Paris'],
      ] as const) {
        const answer = records.get(id)!.answer!;
        const output = records.get(id)!.tokens!.output;
        const similar = outcomes.filter(({ name, record }) => record === records.get(id)!.id && name === 'similarity');
        const [like, alike] = similar.sort((a, b) => a.check - b.check);
        const cosine = await cosineOf(answer, sentence);
        for (const outcome of [like!, alike!]) {
          const said = Number(/-?\d\.\d+/.exec(outcome.why!)![0]);
          // llama.cpp's vectors depend a little on what is embedded with them.
          expect(Math.abs(said - cosine)).toBeLessThan(0.03);
          expect(outcome.score).toBe(said >= (outcome === like ? 0.5 : 0.999) ? 1 : 0);
        }
        const numbers = answer.match(/\d+/g);
        expect(scores(id).slice(0, -1)).toEqual([
          Number(answer.toLowerCase().includes(reference.toLowerCase())),
          Number(answer.trim() === reference),
          Number(/^\W*\p{L}+/u.test(answer)),
          Number(!/a$/m.test(answer)),
          Number(isJson(answer)),
          1,
          Number(numbers?.at(-1) === '7'),
          Number(!answer.includes('```')),
          like!.score,
          alike!.score,
          Number(output <= 16),
          Number(output <= 3),
          1,
        ]);
        // So small a model answers in the language of its choice.
        const language = outcomes.find((one) => one.record === records.get(id)!.id && one.name === 'language');
        if (language!.score !== 1) expect(language!.why).toMatch(/^The answer seems to be in|^Undecided/);
      }
      // It writes a fence, and sometimes comes to its end.
      expect(scores('code')[2]).toBe(0);
      expect(scores('code')[0]).toBe(scores('code')[1]);

      const spent = outcomes.flatMap(({ called }) => (called ? [called] : []));
      const embedded = tap.tapped.filter(({ path }) => path.endsWith('/embeddings'));
      const tokens = embedded.reduce((sum, { events }) => sum + events[0].usage.prompt_tokens, 0);
      expect(spent.reduce((sum, one) => sum + one.tokens!.input, 0)).toBe(tokens);
      expect(sumUsd(spent)).toBeCloseTo((5 * tokens) / 1e6, 12);
      expect(JSON.parse(stdout).totals.evaluationUsd).toBeCloseTo(sumUsd(spent), 12);
    });

    it('count in the quality as they were decided, and are done again without sending a prompt', async () => {
      const decided = command.outcomes('checked').filter((outcome) => outcome.kind === 'check');
      const byRecord = grouped(decided, ({ record }) => record);
      const score = mean(byRecord.map((list) => mean(list.flatMap((one) => one.score ?? []))));
      const { quality } = command.summary('checked').models[0]!;
      expect(quality!.score).toBeCloseTo(score, 9);
      expect(quality!.undecided).toBe(decided.filter((one) => one.score === undefined).length);

      const chats = () => tap.tapped.filter(({ path }) => path.endsWith('/chat/completions')).length;
      const sent = chats();
      command.write('stricter.jsonl', rows({ ...code, checks: [{ type: 'max-tokens', most: 1 }] }));
      const again = ['evaluate', 'checked', '--config', 'tierwise.json', '--checks', 'stricter.jsonl', '--yes'];
      expect(await command.run([...again, '--gate', 'pass_share>=1'])).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/FAILED {2}pass_share>=1/),
      });
      expect(chats()).toBe(sent);
    });

    async function cosineOf(one: string, other: string): Promise<number> {
      const vectors = [];
      for (const input of [one, other]) {
        const body = JSON.stringify({ model: 'x', input });
        const answer = await fetch(`${server.baseUrl}/embeddings`, { method: 'POST', body });
        vectors.push(((await answer.json()) as any).data[0].embedding as number[]);
      }
      const [a, b] = vectors as [number[], number[]];
      const dot = (x: number[], y: number[]) => x.reduce((sum, value, index) => sum + value * y[index]!, 0);
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }
  });

  describe('a judge', () => {
    it('scores or says nothing, is asked for pairs in both orders, and its tokens are paid', async () => {
      command.write(
        'judged.jsonl',
        rows(
          { id: 'week', prompt: 'How many days does a week have?', reference: 'Seven.' },
          { id: 'sea', prompt: 'Write one sentence about the sea.' },
        ),
      );
      const { code, stderr } = await bench(
        'judged',
        'judged.jsonl',
        ['--models', `${model},another-name`, '--warmup', '0', '--max-tokens', '12', '--concurrency', '2'],
        'judge.json',
      );
      expect(code).toBe(0);
      expect(stderr).toMatch(/^4 requests to 2 models, and up to 8 judgements\. They will cost/);
      const records = new Map(command.records('judged').map((record) => [record.id, record]));
      const outcomes = command.outcomes('judged');
      const judged = outcomes.filter((outcome) => outcome.kind === 'judge');
      const pairs = outcomes.filter((outcome) => outcome.kind === 'pair');
      expect(judged.map(({ record }) => record).sort()).toEqual([...records.keys()].sort());
      expect(pairs).toHaveLength(2);
      for (const outcome of judged) {
        const asked = tappedBy(`${outcome.record}.j1`);
        const prompt = asked.asked.messages.at(-1).content;
        expect(prompt).toContain(rubric);
        expect(prompt).toContain(records.get(outcome.record)!.answer);
        expect(asked.asked).toMatchObject({ model: 'judge', max_tokens: 40 });
        expectPaid(outcome.called, [asked]);
        if (outcome.score === undefined) expect(outcome.why).toMatch(/^The judge /);
        else {
          // What it wrote, on a scale from 1 to 5.
          expect(textOf(asked)).toContain(String(outcome.raw));
          expect(outcome.score).toBeCloseTo((outcome.raw! - 1) / 4, 12);
        }
      }
      for (const { a, b, winner, orders, called, why } of pairs) {
        const [one, other] = [records.get(a)!.answer!, records.get(b)!.answer!];
        if (one === other) {
          expect({ winner, called }).toEqual({ winner: 'tie', called: undefined });
          continue;
        }
        expect(orders!.map(({ first }) => first)).toEqual(['a', 'b']);
        const asked = ['a', 'b'].map((first) => tappedBy(`${a}.vs.${b}.${first}`));
        const before = asked.map(({ asked: { messages } }) => {
          const prompt = messages.at(-1).content as string;
          return prompt.indexOf(one) < prompt.indexOf(other);
        });
        if (!one.includes(other) && !other.includes(one)) expect(before).toEqual([true, false]);
        expectPaid(called, asked);
        const verdicts = orders!.map((order) => order.winner);
        if (verdicts.includes(undefined))
          expect({ winner, why }).toEqual({ winner: undefined, why: expect.any(String) });
        else expect(winner).toBe(verdicts[0] === verdicts[1] ? verdicts[0] : 'tie');
      }
      const spent = outcomes.flatMap((outcome) => ('called' in outcome && outcome.called ? [outcome.called] : []));
      const { totals, models, warnings } = command.summary('judged');
      expect(totals.evaluationUsd).toBeCloseTo(sumUsd(spent), 12);
      for (const [index, { quality }] of models.entries()) {
        const own = judged.filter(({ record }) => records.get(record)!.model === models[index]!.model);
        const scores = own.flatMap(({ score }) => score ?? []);
        if (scores.length > 0)
          expect(quality).toMatchObject({ n: scores.length, undecided: own.length - scores.length });
        // So small a judge may say nothing of use, and then there is no quality, but a warning.
        else expect(quality).toBeUndefined();
      }
      const silent = models.filter(({ quality }) => quality === undefined);
      for (const { model: name } of silent)
        expect(warnings.join('\n')).toMatch(new RegExp(`Nothing .* could be decided: .*${name}`));
    });

    function textOf({ events }: Tapped): string {
      return events.map((event) => event.choices?.[0]?.delta?.content ?? '').join('');
    }

    /** Prompt tokens that it had in its cache are cheaper. */
    function expectPaid(called: Called, asked: readonly Tapped[]): void {
      const usages = asked.map(({ events }) => events.at(-1).usage);
      const usd = usages.reduce((sum, { prompt_tokens, completion_tokens, prompt_tokens_details }) => {
        const cached = prompt_tokens_details.cached_tokens;
        return sum + (3 * (prompt_tokens - cached) + 0.5 * cached + 4 * completion_tokens) / 1e6;
      }, 0);
      expect(called!.costUsd).toBeCloseTo(usd, 12);
    }
  });
});

type Called = Extract<Outcome, { kind: 'judge' | 'pair' }>['called'];

const sumUsd = (all: readonly NonNullable<Called>[]) => all.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function grouped<T>(values: readonly T[], by: (value: T) => string): T[][] {
  return [...new Set(values.map(by))].map((key) => values.filter((value) => by(value) === key));
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

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
