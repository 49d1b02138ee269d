import { describe, expect, it } from 'vitest';
import { base64Of, embeddingOf } from './embedding.ts';

const vector = (text: string, skill = 0.8, model = 'm') => embeddingOf(text, { model, skill, dimensions: 128 });
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

describe('an embedding', () => {
  it('is a unit vector, the same for the same text, also where the text has no word', () => {
    for (const text of ['A river.', '夕方の空', '?!', '💥', 'x'.repeat(50_000)]) {
      expect(dot(vector(text), vector(text))).toBeCloseTo(1, 5);
      expect(vector(text)).toEqual(vector(text));
    }
  });

  it('lies near those of texts that share words, nearer the more skilled the model is', () => {
    const [query, near, far] = ['how to bake rye bread at home', 'baking rye bread', 'the price of copper in March'];
    for (const skill of [0.4, 0.85]) {
      expect(dot(vector(query, skill), vector(near, skill))).toBeGreaterThan(
        dot(vector(query, skill), vector(far, skill)),
      );
    }
    expect(dot(vector(query, 0.85), vector(near, 0.85))).toBeGreaterThan(dot(vector(query, 0.4), vector(near, 0.4)));
    expect(vector(query, 0.5, 'one')).not.toEqual(vector(query, 0.5, 'other'));
  });

  it('travels in base64 as 32-bit floats, the lowest byte first', () => {
    const bytes = Buffer.from(base64Of(Float32Array.of(1, -2.5)), 'base64');
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4), bytes.length]).toEqual([1, -2.5, 8]);
  });
});
