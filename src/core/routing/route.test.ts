import { describe, expect, it } from 'vitest';
import type { Model } from '../catalog/model.ts';
import { seedScorer } from '../complexity/seed-scorer.ts';
import { formatScore, type Route, type RouteOptions, route } from './route.ts';
import { defaultTiers, makeTiers } from './tiers.ts';

interface Sketch {
  readonly price?: number;
  readonly window?: number;
  readonly simulated?: boolean;
}
const model = (id: string, { price, window, simulated = false }: Sketch = {}): Model => ({
  ref: `e/${id}`,
  endpoint: 'e',
  id,
  inputPrice: price === undefined ? undefined : { value: price, provenance: 'user' },
  outputPrice: price === undefined ? undefined : { value: price * 2, provenance: 'user' },
  contextWindow: window,
  simulated,
});
const dear = model('dear', { price: 10 });
const cheap = model('cheap', { price: 1 });
const middling = model('middling', { price: 3 });
const unpriced = model('unpriced');

const simplePrompt = 'Say hello.';
const mediumPrompt = `\`\`\`${'a'.repeat(700)}`;
const complexPrompt = `\`\`\`${'∞'.repeat(10)}${'?'.repeat(5)}${'a'.repeat(1000)}`;

const routed = (prompt: string, models: readonly Model[], options: Partial<RouteOptions> = {}): Route =>
  route(prompt, { scorer: seedScorer, tiers: defaultTiers, models, preference: 'balanced', ...options });

describe('the tier', () => {
  it('follows the score under the preference', () => {
    expect(routed(simplePrompt, []).tier.name).toBe('simple');
    expect(routed(mediumPrompt, []).tier.name).toBe('medium');
    expect(routed(complexPrompt, []).tier.name).toBe('complex');
    const quality = routed('a'.repeat(900), [], { preference: 'quality' });
    expect(quality.tier.name).toBe('medium');
    expect(quality.complexity.score).toBeCloseTo(0.27, 12);
    expect(quality.adjustedScore).toBeCloseTo(0.351, 12);
    expect(quality.reasons[0]).toBe(
      'A score of 0.27, multiplied by 1.3 to prioritise quality, is 0.351 and belongs to the tier medium.',
    );
    expect(routed(complexPrompt, [], { preference: 'cost' }).tier.name).toBe('medium');
  });

  it('is explained with digits enough to tell a score from a bound', () => {
    expect([0, 0.3, 0.3003, 0.12345, 1].map(formatScore)).toEqual(['0.00', '0.30', '0.3003', '0.1235', '1.00']);
  });
});

describe('the model', () => {
  it('is the cheapest, the middle and the dearest by price, whatever the order of configuration', () => {
    for (const models of [
      [dear, cheap, middling],
      [cheap, middling, dear],
      [middling, dear, cheap],
    ]) {
      expect(routed(simplePrompt, models).model).toBe(cheap);
      expect(routed(mediumPrompt, models).model).toBe(middling);
      expect(routed(complexPrompt, models).model).toBe(dear);
    }
    expect(routed(mediumPrompt, [dear, cheap, middling]).reasons).toContain(
      'e/middling is the middle of 3 models by price for this prompt, as the tier medium asks.',
    );
  });

  it('counts models of one price as one step, so that a twin of the cheapest is not the middle', () => {
    const models = [cheap, model('twin', { price: 1 }), middling, dear];
    expect(routed(simplePrompt, models).model).toBe(cheap);
    expect(routed(mediumPrompt, models).model).toBe(middling);
    expect(routed(complexPrompt, models).model).toBe(dear);
  });

  it('is ranked by what this prompt costs, so that a long prompt weighs the input price', () => {
    const dearInput: Model = { ...model('dear-input', { price: 10 }), outputPrice: { value: 0.1, provenance: 'user' } };
    const dearOutput: Model = {
      ...model('dear-output', { price: 0.1 }),
      outputPrice: { value: 10, provenance: 'user' },
    };
    const tiers = makeTiers({ simple: { upTo: 0.5 } });
    expect(routed('Hi', [dearInput, dearOutput], { tiers }).model).toBe(dearInput);
    expect(routed('word '.repeat(4000), [dearInput, dearOutput], { tiers }).model).toBe(dearOutput);
  });

  it('is the one that the tier prefers, whatever it costs', () => {
    const tiers = makeTiers({ simple: { model: 'e/dear' } });
    const found = routed(simplePrompt, [cheap, dear], { tiers });
    expect(found.model).toBe(dear);
    expect(found.reasons).toContain('e/dear is the preferred model of the tier simple.');
  });

  it('is chosen by price where the preferred one is not configured, and that is said', () => {
    const tiers = makeTiers({ simple: { model: 'gone/model' } });
    const found = routed(simplePrompt, [dear, cheap], { tiers });
    expect(found.model).toBe(cheap);
    expect(found.reasons.join(' ')).toContain('The preferred model of the tier simple, gone/model, is not configured');
  });

  it('is never one without price while another has one, and those left out are named', () => {
    for (const prompt of [simplePrompt, mediumPrompt, complexPrompt]) {
      const found = routed(prompt, [unpriced, dear]);
      expect(found.model).toBe(dear);
      expect(found.reasons.join(' ')).toContain('Not ranked, because a price is unknown: e/unpriced.');
    }
  });

  it('is the first configured where no price is known, and the cost stays unknown', () => {
    const found = routed(complexPrompt, [unpriced, model('other')]);
    expect(found.model).toBe(unpriced);
    expect(found.cost).toBeUndefined();
    expect(found.reasons.join(' ')).toContain('not chosen by price, because no price is known');
  });

  it('is absent where none is configured, and the reason says what to do', () => {
    const found = routed(simplePrompt, []);
    expect(found.model).toBeUndefined();
    expect(found.cost).toBeUndefined();
    expect(found.reasons.at(-1)).toMatch(/Add an endpoint/);
  });

  it('says that a simulated one answers with made-up text', () => {
    expect(routed(simplePrompt, [model('toy', { price: 1, simulated: true })]).reasons.join(' ')).toContain(
      'simulated',
    );
  });
});

describe('the context window', () => {
  const long = 'word '.repeat(2_000);
  const tiers = makeTiers({ simple: { upTo: 0.5 } });
  const tiny = model('tiny', { price: 1, window: 100 });

  it('sends a prompt that is too long to the fitting model of the next tier, and says so', () => {
    const medium = model('medium', { price: 2, window: 500 });
    const large = model('large', { price: 5, window: 100_000 });
    const found = routed(long, [tiny, medium, large], { tiers });
    expect(found.tier.name).toBe('simple');
    expect(found.model).toBe(large);
    expect(found.reasons.join(' ')).toMatch(
      /exceed the context window of e\/tiny \(100 tokens\)\. e\/large of the tier complex takes it instead/,
    );
  });

  it('takes a fitting model of any price where no higher tier has one', () => {
    const roomy = model('roomy', { price: 0.1, window: 100_000 });
    const found = routed(`${complexPrompt} ${long}`, [roomy, tiny], {
      tiers: makeTiers({ complex: { model: 'e/tiny' } }),
    });
    expect(found.tier.name).toBe('complex');
    expect(found.model).toBe(roomy);
  });

  it('recommends nothing where nothing fits', () => {
    const found = routed(long, [tiny], { tiers });
    expect(found.model).toBeUndefined();
    expect(found.reasons.at(-1)).toContain('Shorten the prompt or add a model');
  });

  it('counts an unknown window as large enough, and warns where the band reaches beyond a known one', () => {
    expect(routed(long, [model('open', { price: 1 })], { tiers }).model?.id).toBe('open');
    const { tokens } = routed(long, [], { tiers });
    const tight = model('tight', { price: 1, window: tokens.tokens });
    const found = routed(long, [tight], { tiers });
    expect(found.model).toBe(tight);
    expect(found.reasons.join(' ')).toContain('may not fit');
  });
});

describe('the cost', () => {
  it('spans the bands of input and output tokens', () => {
    const { tokens, cost } = routed(simplePrompt, [cheap], { expectedOutput: { low: 10, high: 100 } });
    expect(cost?.lowUsd).toBeCloseTo((tokens.low * 1 + 10 * 2) / 1e6, 15);
    expect(cost?.highUsd).toBeCloseTo((tokens.high * 1 + 100 * 2) / 1e6, 15);
  });

  it('assumes longer answers for higher tiers', () => {
    const [simple, medium, complex] = [simplePrompt, mediumPrompt, complexPrompt].map(
      (prompt) => routed(prompt, []).expectedOutput,
    );
    expect(simple!.high).toBeLessThan(medium!.high);
    expect(medium!.high).toBeLessThan(complex!.high);
  });
});

it('writes names into reasons as plain text', () => {
  const odd = { ...cheap, ref: 'e/\u202eod\u200bd\nname' };
  const reasons = routed(simplePrompt, [odd, dear]).reasons.join(' ');
  expect(reasons).not.toMatch(/[\u202e\u200b\n]/);
  expect(reasons).toContain('od');
});
