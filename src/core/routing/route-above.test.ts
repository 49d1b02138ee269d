import { describe, expect, it } from 'vitest';
import type { Model } from '../catalog/model.ts';
import type { Complexity, Scorer } from '../complexity/scorer.ts';
import { seedScorer } from '../complexity/seed-scorer.ts';
import type { Profile } from './profile.ts';
import { assumedPlaceholderTokens, type Route, type RouteOptions, route } from './route.ts';
import { isAllowed } from './route-model.ts';
import type { Rule } from './rule.ts';
import { compileRules } from './rules.ts';
import { defaultTiers, makeTiers } from './tiers.ts';

/** Says the same of every prompt. */
const says = (complexity: Partial<Complexity>): Scorer => ({
  id: 'learned',
  score: () => ({ scorer: 'learned', score: 0.2, factors: [], ...complexity }),
});
const unsure = { low: 0, high: 0.9, level: 0.9, unsure: true };
const model = (ref: string, price: number): Model => ({
  ref,
  endpoint: ref.split('/')[0] ?? '',
  id: ref.slice(ref.indexOf('/') + 1),
  inputPrice: { value: price, provenance: 'user' },
  outputPrice: { value: price, provenance: 'user' },
  simulated: false,
});
const routed = (prompt: string, options: Partial<RouteOptions> = {}): Route =>
  route(prompt, { scorer: says({}), tiers: defaultTiers, models: [], preference: 'balanced', ...options });
const rules = (...list: Rule[]) => compileRules(list);

describe('the probability that a cheap model fails', () => {
  it('is said where the scorer knows one', () => {
    expect(routed('x', { scorer: says({ pFail: 0.338 }) }).reasons).toContain(
      'A cheap model is expected to fail on 34 % of prompts like this.',
    );
    expect(routed('x', { scorer: says({ pFail: 0.001 }) }).reasons[1]).toMatch(/fewer than 1 %/);
    expect(routed('x', { scorer: says({ pFail: 0.999 }) }).reasons[1]).toMatch(/over 99 %/);
    expect(routed('x').reasons.join()).not.toMatch(/expected to fail/);
  });
});

describe('a prompt that the scorer does not know', () => {
  it('goes to the tier set for that', () => {
    const found = routed('x', { scorer: says({ uncertainty: unsure }), unsureTier: 'complex' });
    expect([found.tier.name, found.scoreTier.name, found.decidedBy]).toEqual(['complex', 'simple', 'unsure']);
    expect(found.reasons).toContain(
      'The scorer does not know prompts of this kind: it is unsure, and the tier complex is set for that.',
    );
    expect(found.expectedOutput.high).toBe(2_500);
  });

  it('goes by its score where none is set, and that is said', () => {
    const found = routed('x', { scorer: says({ uncertainty: unsure }) });
    expect([found.tier.name, found.decidedBy]).toEqual(['simple', 'score']);
    expect(found.reasons.join(' ')).toMatch(/it is unsure\. No tier is set for that \(unsureTier\)/);
  });

  it('goes where a rule says, if one does; one that is known does not go there', () => {
    const scorer = says({ uncertainty: unsure });
    const found = routed('x', { scorer, unsureTier: 'complex', rules: rules({ tier: 'medium' }) });
    expect([found.tier.name, found.decidedBy]).toEqual(['medium', 'rule']);
    expect(found.reasons.join(' ')).not.toMatch(/unsure/);
    const known = says({ uncertainty: { ...unsure, unsure: false } });
    expect(routed('x', { scorer: known, unsureTier: 'complex' }).tier.name).toBe('simple');
  });
});

describe('a conversation', () => {
  it('hands its tier on to a message that only says to go on, even to one that the scorer does not know', () => {
    const scorer = says({ uncertainty: unsure });
    const found = routed('ja, weiter', { scorer, previousTier: 'medium', unsureTier: 'complex' });
    expect([found.tier.name, found.decidedBy]).toEqual(['medium', 'conversation']);
    expect(found.reasons).toContain('It only says to go on, so it keeps the tier medium of the message before.');
    expect(routed('yes', { scorer: says({ score: 0.9 }), previousTier: 'simple' }).tier.name).toBe('simple');
  });

  it('leaves a new question to its own score', () => {
    const found = routed('Now say hello', { previousTier: 'complex' });
    expect([found.tier.name, found.decidedBy]).toEqual(['simple', 'score']);
  });

  it('gives way to a rule', () => {
    const found = routed('yes', { previousTier: 'complex', rules: rules({ if: { pattern: 'yes' }, tier: 'medium' }) });
    expect([found.tier.name, found.decidedBy]).toEqual(['medium', 'rule']);
  });
});

describe('rules', () => {
  it('decide by name, and raise what was decided, never lower it', () => {
    const book = rules({ name: 'tests', if: { path: '*.test.ts' }, tier: 'simple' }, { atLeast: 'medium' });
    const found = routed('x', { scorer: says({ score: 0.9 }), rules: book, context: { path: 'a/b.test.ts' } });
    expect([found.tier.name, found.scoreTier.name, found.decidedBy]).toEqual(['medium', 'complex', 'rule']);
    expect(found.reasons.filter((reason) => reason.startsWith('Your'))).toEqual([
      'Your rule “tests” asks for the tier simple.',
      'Your rule 2 asks for the tier medium at least.',
    ]);
    const untouched = routed('x', { scorer: says({ score: 0.9 }), rules: book });
    expect([untouched.tier.name, untouched.decidedBy]).toEqual(['complex', 'score']);
  });

  it('ask about the tokens of the prompt', () => {
    const book = rules({ if: { tokensAbove: 50 }, tier: 'complex' });
    expect(routed('word '.repeat(100), { rules: book }).tier.name).toBe('complex');
    expect(routed('word', { rules: book }).tier.name).toBe('simple');
  });

  it('give way to the tier that nothing may go below', () => {
    const found = routed('x', { rules: rules({ tier: 'simple' }), neverBelow: 'medium' });
    expect([found.tier.name, found.decidedBy]).toEqual(['medium', 'never-below']);
    expect(found.reasons).toContain('No tier below medium is to be used.');
    expect(routed('x', { scorer: says({ score: 0.9 }), neverBelow: 'medium' }).decidedBy).toBe('score');
  });

  it('show names without characters that deceive', () => {
    const [reason] = routed('x', { rules: rules({ name: 'a\u202eb', tier: 'medium' }) }).reasons.slice(1);
    expect(reason).not.toMatch(/\u202e/);
  });
});

describe('a profile', () => {
  const profile = (scorer: Profile['scorer'], simulated = false): Profile => ({
    version: 1,
    name: 'mine',
    createdAt: '2026-11-24T00:00:00Z',
    scorer,
    from: { title: 'reviews', prompts: 240, simulated },
    target: { kind: 'quality', keep: 0.95 },
    tiers: { simple: 0.05, medium: 0.1 },
  });

  it('sets the bounds of the tiers, is named as a reason, and stands on the score', () => {
    const found = routed('x', { profile: profile('learned') });
    expect(found.tier.name).toBe('complex');
    expect(found.tiers.map(({ upTo }) => upTo)).toEqual([0.05, 0.1, 1]);
    expect(found.complexity.profile).toBe('mine');
    expect(found.reasons).toContain('Read by your profile “mine”, learnt from 240 prompts of reviews.');
    expect(routed('x', { profile: profile('learned', true) }).reasons.join(' ')).toMatch(
      /answers were simulated: it says nothing of real models/,
    );
  });

  it('made for another scorer is left aside, and that is said', () => {
    const found = routed('x', { profile: profile('learned'), scorer: seedScorer });
    expect(found.tiers).toBe(defaultTiers);
    expect(found.complexity.profile).toBeUndefined();
    expect(found.reasons).toContain(
      'The profile “mine” was made for the scorer learned and is left aside: this score is of seed.',
    );
  });
});

describe('the models that are allowed', () => {
  const models = [model('far/cheap', 1), model('far/org/dear', 10), model('near/middle', 3)];

  it('are all that can be chosen', () => {
    const found = routed('x', { models, allowedModels: ['near/*', 'far/org/*'] });
    expect(found.model?.ref).toBe('near/middle');
    expect(found.reasons).toContain('2 of 3 configured models are allowed (allowedModels).');
    const complex = routed('x', { models, allowedModels: ['near/*'], scorer: says({ score: 0.9 }) });
    expect(complex.model?.ref).toBe('near/middle');
    expect(complex.reasons.join(' ')).toMatch(/near\/middle is the only allowed model/);
    expect(routed('x', { models, allowedModels: [] }).model?.ref).toBe('far/cheap');
  });

  it('leave out the preferred model of a tier, and that is said', () => {
    const tiers = makeTiers({ simple: { model: 'far/org/dear' } });
    const found = routed('x', { models, tiers, allowedModels: ['*/cheap'] });
    expect(found.model?.ref).toBe('far/cheap');
    expect(found.reasons.join(' ')).toMatch(/preferred model of the tier simple, far\/org\/dear, is not allowed/);
  });

  it('may be none: the last reason says how to mend that', () => {
    const found = routed('x', { models, allowedModels: ['other/*'] });
    expect(found.model).toBeUndefined();
    expect(found.cost).toBeUndefined();
    expect(found.reasons.at(-1)).toBe(
      'None of the 3 configured models is allowed: allowedModels has other/*. Add one of far/cheap, far/org/dear, near/middle to it, or a pattern such as far/*.',
    );
  });

  it.each<[pattern: string, yes: string[], no: string[]]>([
    ['a/b', ['a/b'], ['a/bc', 'xa/b']],
    ['*', ['a/b', ''], []],
    ['a/*', ['a/b', 'a/b/c', 'a/'], ['b/a/x']],
    ['*/gpt-*-mini', ['x/gpt-4-mini', 'x/y/gpt--mini'], ['x/gpt-mini', 'x/gpt-4-mini-2']],
    ['a*a', ['aa', 'aba'], ['a']],
    ['a.b/*', ['a.b/c'], ['axb/c']],
  ])('are those that %s stands for', (pattern, yes, no) => {
    expect(yes.filter((ref) => !isAllowed(ref, [pattern]))).toEqual([]);
    expect(no.filter((ref) => isAllowed(ref, ['none', pattern]))).toEqual([]);
  });

  it('are told in no time by a pattern of many stars', () => {
    expect(isAllowed('a'.repeat(100_000), [`${'*a'.repeat(150)}*b`])).toBe(false);
  });
});

describe('places that a program fills', () => {
  it('widen the high end of the tokens and the cost, and are a reason', () => {
    const models = [model('e/a', 1)];
    const [without, found] = [
      routed('Say {a} to {b}', { models }),
      routed('Say {a} to {b}', { models, placeholders: 2 }),
    ];
    expect(found.tokens).toEqual({ ...without.tokens, high: without.tokens.high + 2 * assumedPlaceholderTokens });
    expect(found.cost?.highUsd).toBeGreaterThan(without.cost?.highUsd ?? 0);
    expect(found.cost?.lowUsd).toBe(without.cost?.lowUsd);
    expect(found.reasons.join(' ')).toMatch(/It has 2 places that the program fills: up to 200 tokens/);
  });
});

describe('the order of what decides', () => {
  it('can be read from the reasons', () => {
    const found = routed('Review this', {
      scorer: says({ score: 0.28, pFail: 0.5, uncertainty: unsure }),
      preference: 'quality',
      unsureTier: 'simple',
      rules: rules({ name: 'reviews', if: { pattern: 'review' }, atLeast: 'complex' }),
      models: [model('e/a', 1), model('e/b', 2)],
      allowedModels: ['e/b'],
    });
    expect(found.decidedBy).toBe('rule');
    expect(found.reasons.map((reason) => reason.slice(0, 24))).toEqual([
      'A score of 0.28, multipl',
      'A cheap model is expecte',
      'The scorer does not know',
      'Your rule “reviews” asks',
      '1 of 2 configured models',
      'e/b is the only allowed ',
    ]);
  });
});
