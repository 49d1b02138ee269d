import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/core/quality/outcome.ts';
import { highUndecidedShare } from '../../src/core/quality/quality-of.ts';
import { prepareLlama } from './servers.ts';
import type { Tapped } from './tap.ts';
import { grouped, mean, model, rows, startTappedLlama, type TappedLlama } from './tapped-llama.ts';

// Checks of a real model's answers, and a real model as their judge.

const prepared = await prepareLlama();
const { missing } = prepared;

/** So small a judge knows no better than to repeat some of it. */
const rubric = 'Write {"score": 4} at once, or {"winner": "1"} for two, and no reasons.';

describe.skipIf(missing !== undefined)(missing === undefined ? 'judging with llama.cpp' : `skipped: ${missing}`, () => {
  let llama: TappedLlama;

  beforeAll(async () => {
    llama = await startTappedLlama('bin' in prepared ? prepared.bin : '');
    const judge = { model: 'real/judge', rubric, maxTokens: 40, pairs: true };
    llama.command.write('judge.json', { endpoints: llama.endpoints, benchmark: { evaluation: { judge } } });
  });
  afterAll(() => llama?.stop());

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
      llama.command.write(
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
      const { code: exit, stdout } = await llama.bench('checked', 'checked.jsonl', [
        ...['--models', model, '--embedding-model', 'embedder', '--warmup', '0', '--max-tokens', '64', '--json'],
        ...['--gate', 'checks>=0', '--gate', 'quality<=1'],
      ]);
      const records = new Map(llama.command.records('checked').map((record) => [record.promptId, record]));
      const outcomes = llama.command.outcomes('checked').filter((outcome) => outcome.kind === 'check');
      expect(outcomes).toHaveLength(2 * checks.length + 3);
      // A figure that many undecided checks have hollowed out passes no gate.
      const printed = JSON.parse(stdout);
      const hollow = outcomes.filter(({ score }) => score === undefined).length > outcomes.length * highUndecidedShare;
      expect(printed.gates.map((gate: any) => gate.passed)).toEqual([true, !hollow]);
      expect(exit).toBe(hollow ? 1 : 0);
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
      const embedded = llama.tap.tapped.filter(({ path }) => path.endsWith('/embeddings'));
      const tokens = embedded.reduce((sum, { events }) => sum + events[0].usage.prompt_tokens, 0);
      expect(spent.reduce((sum, one) => sum + one.tokens!.input, 0)).toBe(tokens);
      expect(sumUsd(spent)).toBeCloseTo((5 * tokens) / 1e6, 12);
      expect(JSON.parse(stdout).totals.evaluationUsd).toBeCloseTo(sumUsd(spent), 12);
    });

    it('count in the quality as they were decided, and are done again without sending a prompt', async () => {
      const decided = llama.command.outcomes('checked').filter((outcome) => outcome.kind === 'check');
      const byRecord = grouped(decided, ({ record }) => record);
      const score = mean(byRecord.map((list) => mean(list.flatMap((one) => one.score ?? []))));
      const { quality } = llama.command.summary('checked').models[0]!;
      expect(quality!.score).toBeCloseTo(score, 9);
      expect(quality!.undecided).toBe(decided.filter((one) => one.score === undefined).length);

      const chats = () => llama.tap.tapped.filter(({ path }) => path.endsWith('/chat/completions')).length;
      const sent = chats();
      llama.command.write('stricter.jsonl', rows({ ...code, checks: [{ type: 'max-tokens', most: 1 }] }));
      const again = ['evaluate', 'checked', '--config', 'tierwise.json', '--checks', 'stricter.jsonl', '--yes'];
      expect(await llama.command.run([...again, '--gate', 'pass_share>=1'])).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/FAILED {2}pass_share>=1/),
      });
      expect(chats()).toBe(sent);
    });

    async function cosineOf(one: string, other: string): Promise<number> {
      const vectors = [];
      for (const input of [one, other]) {
        const body = JSON.stringify({ model: 'x', input });
        const answer = await fetch(`${llama.server.baseUrl}/embeddings`, { method: 'POST', body });
        vectors.push(((await answer.json()) as any).data[0].embedding as number[]);
      }
      const [a, b] = vectors as [number[], number[]];
      const dot = (x: number[], y: number[]) => x.reduce((sum, value, index) => sum + value * y[index]!, 0);
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }
  });

  describe('a judge', () => {
    it('scores or says nothing, is asked for pairs in both orders, and its tokens are paid', async () => {
      llama.command.write(
        'judged.jsonl',
        rows(
          { id: 'week', prompt: 'How many days does a week have?', reference: 'Seven.' },
          { id: 'sea', prompt: 'Write one sentence about the sea.' },
        ),
      );
      const { code, stderr } = await llama.bench(
        'judged',
        'judged.jsonl',
        ['--models', `${model},another-name`, '--warmup', '0', '--max-tokens', '12', '--concurrency', '2'],
        'judge.json',
      );
      expect(code).toBe(0);
      expect(stderr).toMatch(/^4 requests to 2 models, and up to 8 judgements\. They will cost/);
      const records = new Map(llama.command.records('judged').map((record) => [record.id, record]));
      const outcomes = llama.command.outcomes('judged');
      const judged = outcomes.filter((outcome) => outcome.kind === 'judge');
      const pairs = outcomes.filter((outcome) => outcome.kind === 'pair');
      expect(judged.map(({ record }) => record).sort()).toEqual([...records.keys()].sort());
      expect(pairs).toHaveLength(2);
      for (const outcome of judged) {
        const asked = llama.tappedBy(`${outcome.record}.j1`);
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
        const asked = ['a', 'b'].map((first) => llama.tappedBy(`${a}.vs.${b}.${first}`));
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
      const { totals, models, warnings } = llama.command.summary('judged');
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

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
