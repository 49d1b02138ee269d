import { describe, expect, it } from 'vitest';
import { formatCount, label, priceWords } from './labels.ts';

const model = { ref: 'a/b', endpoint: 'a', id: 'b', simulated: false };
const price = (value: number) => ({ value, provenance: 'user' as const });

describe('labels', () => {
  it('show a foreign name on one line, without icons, direction marks or zero-width characters', () => {
    expect(label('a\nb\u202e\u200bc')).not.toMatch(/[\n\u202e\u200b]/);
    expect(label('$(zap) cheap $5')).not.toContain('$(');
    expect(label('$(zap) cheap $5')).toContain('cheap $5');
  });

  it('group thousands', () => {
    expect(formatCount(1234567)).toBe('1,234,567');
  });

  it('tell an unknown price from a price of nothing', () => {
    expect(priceWords(model)).toBe('price unknown');
    expect(priceWords({ ...model, inputPrice: price(0), outputPrice: price(0) })).toMatch(/^\$0\S* in, \$0\S* out/);
    expect(priceWords({ ...model, inputPrice: price(0.1) })).toMatch(/^\$0\.10 in, unknown out/);
  });
});
