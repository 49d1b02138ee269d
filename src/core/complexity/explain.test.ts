import { describe, expect, it } from 'vitest';
import type { Model } from '../catalog/model.ts';
import { type Route, type RouteOptions, route } from '../routing/route.ts';
import { adjustScore, defaultTiers, tierOf } from '../routing/tiers.ts';
import { explanationMarkdown, largestFactors } from './explain.ts';
import { seedScorer } from './seed-scorer.ts';

const model = (id: string, price?: number): Model => ({
  ref: `here/${id}`,
  endpoint: 'here',
  id,
  inputPrice: price === undefined ? undefined : { value: price, provenance: 'bundled', asOf: '2026-06-01' },
  outputPrice: price === undefined ? undefined : { value: price * 4, provenance: 'user' },
  simulated: false,
});
const routed = (prompt: string, options: Partial<RouteOptions> = {}): Route =>
  route(prompt, {
    scorer: seedScorer,
    tiers: defaultTiers,
    models: [model('small', 0.15), model('large', 3)],
    preference: 'balanced',
    ...options,
  });

describe('the largest factors', () => {
  it('are those that add to the score, largest first', () => {
    const complexity = seedScorer.score('Explain ∑ and prove it?');
    expect(largestFactors(complexity).map(({ id }) => id)).toEqual(['reasoning', 'symbols', 'questions']);

    expect(largestFactors(complexity, 1).map(({ id }) => id)).toEqual(['reasoning']);
    expect(largestFactors(seedScorer.score('hi'), 3).map(({ id }) => id)).toEqual(['length']);
    expect(largestFactors(seedScorer.score(''))).toEqual([]);
  });
});

describe('the explanation', () => {
  it('holds score, tier, every factor, model, cost with the sources of the prices, and what is assumed', () => {
    const text = explanationMarkdown(routed('Explain ∑ and prove it?'));
    expect(text).toContain('# Complexity 0.0869: simple');
    expect(text).toContain(
      '| Reasoning words | 2 of 10 reasoning words (explain, prove) | 2 (full at 10) | 0.2000 | 0.20 | 0.0400 |',
    );
    for (const label of ['Length', 'Code block', 'Mathematical symbols', 'Questions'])
      expect(text).toContain(`| ${label} |`);
    expect(text).toContain('**here/small**');
    expect(text).toContain('$0.15 per million tokens, from the bundled price table, as of 2026-06-01');
    expect(text).toContain('$0.60 per million tokens, from your configuration, no date given');
    expect(text).toMatch(/Expected cost of one request: \*\*\$0\.0000\d+ to \$0\.000\d+\*\*/);
    expect(text).toContain('50 to 400 tokens (an assumption)');
    expect(text).toContain('This score is a heuristic');
    expect(text).toMatch(/About \*\*\d+\*\* input tokens; .* between \d+ and \d+/);
  });

  it('says unknown where a price is not known, and what to do where there is no model', () => {
    expect(explanationMarkdown(routed('x', { models: [model('free')] }))).toContain('**unknown**, because a price');
    const none = explanationMarkdown(routed('x', { models: [] }));
    expect(none).toContain('**No model**');
    expect(none).toContain('Add an endpoint');
    expect(none).not.toContain('Expected cost');
  });

  it('shows what every preference would do', () => {
    const text = explanationMarkdown(routed('a'.repeat(900), { preference: 'quality' }));
    expect(text).toContain('- balanced: the score counts as it is: 0.27, simple');
    expect(text).toContain('is multiplied by 0.7: 0.189, simple');
    expect(text).toContain(
      '**prioritise quality: the score is multiplied by 1.3, at most 1: 0.351, medium** (in force)',
    );
  });

  it('states an interval where the scorer has one, and that it is unsure', () => {
    const sure = routed('x');
    const complexity = { ...sure.complexity, uncertainty: { low: 0.1, high: 0.4, level: 0.9, unsure: true } };
    const text = explanationMarkdown({ ...sure, complexity });
    expect(text).toContain('With a probability of 90 % the score lies between 0.10 and 0.40.');
    expect(text).toContain('it is unsure');
    expect(text).not.toContain('heuristic');
  });

  it('names counts that do change the tier, and the count before them does not', () => {
    const prompts = [
      'a'.repeat(400),
      `Compare \`\`\`x\`\`\`${'?'.repeat(4)}`,
      'explain prove '.repeat(70),
      '∑'.repeat(30) + 'a'.repeat(900),
    ];
    let checked = 0;
    for (const prompt of prompts) {
      for (const preference of ['balanced', 'cost', 'quality'] as const) {
        const found = routed(prompt, { preference });
        const section = explanationMarkdown(found)
          .split('## ')
          .find((part) => part.startsWith('What would change'))!;
        for (const paragraph of section.split('\n\n').filter((one) => one.startsWith('It becomes'))) {
          const wanted = /It becomes \*\*(\w+)\*\*/.exec(paragraph)![1]!;
          const up = paragraph.includes(' more. ');
          for (const [, count, unit] of paragraph.matchAll(/(?:: |; )([\d,]+) ([a-z ]+?) instead of/g)) {
            const factor = found.complexity.factors.find((one) => one.unit.startsWith(unit!.replace(/s$/, '')))!;
            const tierWith = (raw: number): string => {
              const contribution = Math.min(raw / factor.full!, 1) * factor.weight!;
              const score = found.complexity.score - factor.contribution + contribution;
              return tierOf(adjustScore(score, preference), defaultTiers).name;
            };
            const raw = Number(count!.replaceAll(',', ''));
            expect(tierWith(raw), `${raw} ${unit}`).toBe(wanted);
            expect(tierWith(raw + (up ? -1 : 1)), `one off ${raw} ${unit}`).not.toBe(wanted);
            checked++;
          }
        }
      }
    }
    expect(checked).toBeGreaterThan(10);
  });

  it('says that a preference keeps the highest tier out of reach', () => {
    const text = explanationMarkdown(routed(`\`\`\`${'?'.repeat(5)}${'a'.repeat(1000)}`, { preference: 'cost' }));
    expect(text).toContain('# Complexity 0.60: medium');
    expect(text).toContain('No score reaches the tier complex while the preference is cost.');
  });

  it('is inert whatever prompt and names hold', () => {
    const evil =
      '[x](command:workbench.action.quit) ![](https://evil?d=1) <img src=x> $(zap) `c` | \u202ecod www.evil.com';
    const text = explanationMarkdown(
      routed('hi', { models: [{ ...model(evil, 1), ref: `here/${evil}` }] }),
      `${evil}\n\n# Title`,
    );
    expect(text).not.toMatch(/(?<!\\)\[x\]|!\[|<img|\$\(|\u202e|(?<!\\)`|https:\/|www\.evil/);
    expect(
      text
        .split('\n')
        .filter((line) => line.startsWith('#'))
        .every((line) => !line.includes('Title')),
    ).toBe(true);
  });

  it('does not pass a simulated price off as the person’s own', () => {
    const text = explanationMarkdown(routed('hi', { models: [{ ...model('small', 0.15), simulated: true }] }));
    expect(text).toContain('$0.15 per million tokens, made up like the answers');
    expect(text).not.toContain('your configuration');
  });

  it('shortens a long preview', () => {
    expect(explanationMarkdown(routed('hi'), 'word '.repeat(100_000)).length).toBeLessThan(5_000);
  });
});
