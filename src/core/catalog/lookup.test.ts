import { describe, expect, it } from 'vitest';
import { Failure } from '../failure.ts';
import { findModel, modelRef } from './lookup.ts';
import type { Model } from './model.ts';

const model = (endpoint: string, id: string): Model => ({
  ref: modelRef(endpoint, id),
  endpoint,
  id,
  simulated: false,
});
const models = [model('a', 'small'), model('a', 'large'), model('b', 'large'), model('b', 'org/name')];

describe('a model', () => {
  it('is found by reference, or by an id that one endpoint has, also one with a slash', () => {
    expect(findModel(models, 'b/large')).toBe(models[2]);
    expect(findModel(models, ' small ')).toBe(models[0]);
    expect(findModel(models, 'org/name')).toBe(models[3]);
    expect(findModel(models, 'b/org/name')).toBe(models[3]);
  });

  it('is found by its reference before by an id that reads the same', () => {
    const slashed = model('c', 'a/small');
    expect(findModel([slashed, ...models], 'a/small')).toBe(models[0]);
  });

  it('that is ambiguous is refused with the references to choose from', () => {
    expect(() => findModel(models, 'large')).toThrow(
      /Several endpoints serve a model "large"\. Say which: a\/large, b\/large\./,
    );
  });

  it('that is unknown is refused with the known ones, bounded and in plain text', () => {
    expect(() => findModel(models, 'gpt')).toThrow(
      /no model "gpt"\. Known: a\/small, a\/large, b\/large, b\/org\/name\./,
    );
    expect(() => findModel(models, 'x\u202e\u0000y')).toThrow(/"x\ufffd\ufffdy"/);
    const many = Array.from({ length: 500 }, (_, i) => model('e', `m${i}`));
    expect(() => findModel(many, 'gpt')).toThrow(/and 488 more\.$/);
  });

  it('cannot be found where none is configured, and the message says what to do', () => {
    expect(() => findModel([], 'x')).toThrow(/Add an endpoint first/);
    expect(() => findModel([], 'x')).toThrow(Failure);
    expect(() => findModel([], 'x')).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
