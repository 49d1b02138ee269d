import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seedScorer } from '../../core/complexity/seed-scorer.ts';
import { Failure } from '../../core/failure.ts';
import type { Decision } from '../../core/routing/decision.ts';
import { summariseDecisions } from '../../core/routing/decision-summary.ts';
import { route } from '../../core/routing/route.ts';
import { defaultTiers } from '../../core/routing/tiers.ts';
import { appendDecision, logRoute, oldLog, promptHash, readDecisions } from './decision-log.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'tierwise-decisions-'));
const decision = (own: Partial<Decision> = {}): Decision => ({
  at: '2026-11-24T10:00:00.000Z',
  prompt: '0123456789abcdef',
  characters: 10,
  scorer: 'seed',
  score: 0.5,
  tier: 'medium',
  reasons: ['because'],
  ...own,
});

describe('a decision log', () => {
  it('keeps what was advised and what was used, and of the prompt a hash only', () => {
    const path = join(folder(), 'deep', 'decisions.jsonl');
    const prompt = 'Explain the secret plan of the harbour';
    const advice = route(prompt, { scorer: seedScorer, tiers: defaultTiers, models: [], preference: 'balanced' });
    logRoute(path, prompt, advice, 'e/small');
    const [line] = readDecisions(path);
    expect(line).toMatchObject({
      prompt: promptHash(prompt),
      characters: prompt.length,
      scorer: 'seed',
      score: advice.complexity.score,
      tier: 'simple',
      decidedBy: 'score',
      used: 'e/small',
      reasons: advice.reasons,
    });
    expect(line?.prompt).toMatch(/^[0-9a-f]{16}$/);
    expect(Date.parse(line?.at ?? '')).toBeGreaterThan(Date.parse('2026-01-01'));
    expect(readFileSync(path, 'utf8')).not.toMatch(/secret|harbour/);
  });

  it('is read past damaged lines, and a half line does not swallow the next one', () => {
    const path = join(folder(), 'decisions.jsonl');
    appendDecision(path, decision({ score: 0.1 }));
    appendFileSync(path, '{"at":"2026-11-24T10:00');
    appendDecision(path, decision({ score: 0.2 }));
    appendFileSync(path, 'not json\n{"tier":"huge"}\n');
    const count = { damaged: 0 };
    expect([...readDecisions(path, count)].map(({ score }) => score)).toEqual([0.1, 0.2]);
    expect(count.damaged).toBe(3);
  });

  it('is put aside when it is full, and read with the one before it', () => {
    const path = join(folder(), 'decisions.jsonl');
    for (let i = 0; i < 40; i++) appendDecision(path, decision({ score: i / 40 }), 1_000);
    expect(statSync(path).size).toBeLessThan(1_200);
    expect(statSync(oldLog(path)).size).toBeLessThan(1_200);
    expect(existsSync(`${path}.lock`)).toBe(false);
    const scores = [...readDecisions(path)].map(({ score }) => score);
    expect(scores.at(-1)).toBe(39 / 40);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(scores.length).toBeGreaterThan(5);
  });

  it('goes on where another process holds the lock, and takes away that of one that died', () => {
    const path = join(folder(), 'decisions.jsonl');
    appendDecision(path, decision());
    writeFileSync(`${path}.lock`, '');
    appendDecision(path, decision(), 10);
    expect([...readDecisions(path)]).toHaveLength(2);
    expect(existsSync(oldLog(path))).toBe(false);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(`${path}.lock`, longAgo, longAgo);
    appendDecision(path, decision(), 10);
    expect([...readDecisions(path)]).toHaveLength(3);
    expect(existsSync(oldLog(path))).toBe(true);
  });

  it('loses no line of several processes that write at once', async () => {
    const path = join(folder(), 'decisions.jsonl');
    const script = `import { appendDecision } from ${JSON.stringify(join(import.meta.dirname, 'decision-log.ts'))};
      for (let i = 0; i < 300; i++) appendDecision(${JSON.stringify(path)}, { ...${JSON.stringify(decision())}, used: process.argv[1] + '/' + i, reasons: ['x'.repeat(500)] }, 200_000);`;
    const writers = ['a', 'b'].map(
      (name) =>
        new Promise<number | null>((ended) => {
          spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script, name], {
            stdio: 'inherit',
          }).on('close', ended);
        }),
    );
    expect(await Promise.all(writers)).toEqual([0, 0]);
    const count = { damaged: 0 };
    const used = [...readDecisions(path, count)].map((line) => line.used);
    expect(count.damaged).toBe(0);
    // 600 lines of some 700 bytes: two files of 200,000 bytes hold the last of them, each once.
    expect(new Set(used).size).toBe(used.length);
    expect(used.length).toBeGreaterThan(250);
    expect(used).toContain('a/299');
    expect(used).toContain('b/299');
  }, 30_000);

  it('says that there is none', () => {
    expect(() => [...readDecisions(join(folder(), 'none.jsonl'))]).toThrow(Failure);
  });
});

describe('the summary of a log', () => {
  it('counts tiers, models, days and how often advice was followed', () => {
    const found = summariseDecisions([
      decision({
        at: '2026-11-23T09:00:00Z',
        tier: 'simple',
        score: 0.1,
        advised: 'e/a',
        used: 'e/a',
        decidedBy: 'score',
      }),
      decision({ at: '2026-11-24T09:00:00Z', tier: 'complex', score: 0.9, advised: 'e/b', used: 'e/a', unsure: true }),
      decision({ at: '2026-11-24T10:00:00Z', tier: 'complex', score: 0.7, advised: 'e/b', decidedBy: 'rule' }),
    ]);
    expect(found).toMatchObject({
      decisions: 3,
      from: '2026-11-23T09:00:00Z',
      to: '2026-11-24T10:00:00Z',
      unsure: 1,
      advice: { followed: 1, of: 2 },
      decidedBy: { score: 1, rule: 1 },
      models: [
        { model: 'e/b', advised: 2, used: 0 },
        { model: 'e/a', advised: 1, used: 2 },
      ],
      days: [
        { day: '2026-11-23', decisions: 1, followed: 1, of: 1 },
        { day: '2026-11-24', decisions: 2, followed: 0, of: 1 },
      ],
    });
    expect(found.meanScore).toBeCloseTo(1.7 / 3, 12);
    expect(found.tiers.map(({ decisions, meanScore }) => [decisions, meanScore])).toEqual([
      [1, 0.1],
      [0, undefined],
      [2, 0.8],
    ]);
  });

  it('of nothing is empty', () => {
    expect(summariseDecisions([])).toMatchObject({ decisions: 0, meanScore: undefined, models: [], days: [] });
  });
});
