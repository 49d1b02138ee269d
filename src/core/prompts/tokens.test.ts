import { describe, expect, it } from 'vitest';
import { estimateTokens, maxCounted } from './tokens.ts';

/** Counts of the tokenizer o200k and of Mistral v1, taken once. */
const counted: readonly [text: string, o200k: number, mistral: number][] = [
  ['Explain how a hash map works, and compare it with a balanced tree.', 15, 16],
  ['def mean(values):\n    return sum(values) / len(values)\n', 13, 18],
  ['{"id": 17, "name": "Ada", "tags": ["x", "y"], "price": 12.5}', 29, 32],
  ['Schreiben Sie eine höfliche Mahnung an einen Kunden, der seit drei Wochen nicht bezahlt hat.', 20, 28],
  ['Объясните, как работает сборщик мусора.', 11, 16],
  ['请用三句话解释什么是数据库索引。', 11, 16],
  ['次のメールを丁寧な敬語に直してください。', 14, 25],
  ['다음 회의록을 세 문장으로 요약해 주세요.', 15, 24],
  ['اشرح الفرق بين القائمة والمجموعة.', 9, 29],
  ['इस ईमेल का विनम्र उत्तर लिखिए।', 11, 31],
  ['∫ x² dx = x³/3 + C, ∑ 1/n² = π²/6', 24, 28],
  ['Ship it 🚀🎉', 6, 5],
];

describe('the token estimate', () => {
  it('is nothing for nothing and at least 1 for anything', () => {
    expect(estimateTokens('')).toEqual({ tokens: 0, low: 0, high: 0 });
    expect(estimateTokens('\r').tokens).toBe(1);
    expect(estimateTokens('I').tokens).toBe(1);
  });

  it.each(counted)('has real counts in its band for %j', (text, o200k, mistral) => {
    const { tokens, low, high } = estimateTokens(text);
    expect(low).toBeLessThanOrEqual(o200k);
    expect(high).toBeGreaterThanOrEqual(mistral);
    expect(tokens).toBeGreaterThanOrEqual(low);
    expect(tokens).toBeLessThanOrEqual(high);
  });

  it('counts scripts that are written without spaces', () => {
    expect(estimateTokens('東京'.repeat(500)).tokens).toBeGreaterThan(500);
    expect(estimateTokens('ไทย'.repeat(500)).tokens).toBeGreaterThan(400);
  });

  it('grows by what is added, whether counted or sampled', () => {
    const page = 'The quick brown fox, 42 years old, jumps over lazy dogs.\n';
    const one = estimateTokens(page).tokens;
    for (const pages of [10, 1_000, 10_000, 60_000]) {
      const { tokens, low, high } = estimateTokens(page.repeat(pages));
      expect(tokens / pages / one).toBeGreaterThan(0.95);
      expect(tokens / pages / one).toBeLessThan(1.05);
      expect(low).toBeLessThan(tokens);
      expect(high).toBeGreaterThan(tokens);
    }
  });

  it('samples the end of a long text as well as its beginning', () => {
    const half = 'a '.repeat(maxCounted);
    const plain = estimateTokens(half + ' '.repeat(half.length)).tokens;
    const turned = estimateTokens(' '.repeat(half.length) + half).tokens;
    expect(Math.abs(plain / turned - 1)).toBeLessThan(0.05);
  });

  it('takes special tokens, lone surrogates and one endless word as text', () => {
    expect(estimateTokens('<|endoftext|>').tokens).toBeGreaterThan(2);
    expect(estimateTokens('\ud800\udc00\udfff\ud800').tokens).toBeGreaterThan(0);
    expect(estimateTokens('a'.repeat(100_000)).low).toBeGreaterThan(1_000);
  });
});
