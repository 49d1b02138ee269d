import { describe, expect, it } from 'vitest';
import { explanationMarkdown } from '../complexity/explain.ts';
import { seedScorer } from '../complexity/seed-scorer.ts';
import { route } from '../routing/route.ts';
import { defaultTiers } from '../routing/tiers.ts';
import { parseDataset } from './dataset.ts';
import { findPrompts, promptAt } from './finders.ts';
import { escapeMarkdown, plainText } from './plain-text.ts';
import { type FoundPrompt, maxFoundPrompts, type PromptDocument } from './prompt.ts';
import { estimateTokens } from './tokens.ts';

/** What holds for every text, tried on made-up texts from a seeded generator. */

const pieces = [
  ...[
    '---\n',
    '---',
    '```',
    '```prompt\n',
    '```prompt',
    '~~~',
    '~~~prompt\n',
    '````prompt\n',
    '    ',
    '\t',
    '- ',
    '1. ',
    '\n',
    '\n',
    '\r\n',
  ],
  ...[
    '{"prompt":"',
    '"prompt"',
    '{"id":1,"prompt":"x"}',
    '":"',
    '"',
    '\\',
    '\\"',
    '\\u0041',
    '}',
    '{',
    '[',
    ']',
    ',',
    ':',
    ': ',
  ],
  ...[
    'prompt: ',
    'prompts:\n',
    'tests:\n',
    '- prompt: ',
    '  prompt: |\n',
    '- id: a\n',
    '&a ',
    '*a',
    '>-\n',
    "'",
    '#',
    '!!',
    '? ',
    '% ',
  ],
  ...[
    'word ',
    'Explain',
    'compare',
    '?',
    '∑',
    '42',
    'é',
    '日本',
    'ไทย',
    'שלום',
    '😀',
    '👩‍💻',
    '\ud800',
    '\udc00',
    '\u202e',
    '\u200b',
    '\0',
    '\ufeff',
  ],
  ...['[x](command:y)', '<img src=x>', '$(zap)', 'https://e.com', '|', '*', '_', '<|endoftext|>'],
];

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function madeUp(seed: number, count: number): string[] {
  const next = generator(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: next(30) }, () => pieces[next(pieces.length)]).join(''),
  );
}

const names = ['a.prompt.md', 'a.md', 'a.jsonl', 'a.yaml', 'a.csv'];
const documents = (seed: number, count: number): PromptDocument[] =>
  madeUp(seed, count).flatMap((text) => names.map((fileName) => ({ fileName, languageId: 'plaintext', text })));

/** The text that the covered literal stands for, by another way than the finder's. */
function decoded(document: PromptDocument, { range }: FoundPrompt): string[] {
  const covered = document.text.slice(range.start, range.end);
  if (document.fileName === 'a.jsonl') return [JSON.parse(covered) as string];
  if (document.fileName === 'a.csv') return [covered.replace(/^"([\s\S]*)"$/, '$1').replaceAll('""', '"')];
  return [covered, covered.replace(/^[ \t]+/gm, '')];
}

describe('for every text', () => {
  it('a score lies in [0,1], is the sum of its factors, and each value lies in [0,1]', () => {
    for (const prompt of madeUp(1, 2_000)) {
      const { score, factors } = seedScorer.score(prompt);
      expect(score >= 0 && score <= 1).toBe(true);
      expect(factors.every(({ value, raw }) => value! >= 0 && value! <= 1 && Number.isInteger(raw))).toBe(true);
    }
  });

  it('a token estimate is a whole number within its band', () => {
    for (const prompt of madeUp(2, 2_000)) {
      const { tokens, low, high } = estimateTokens(prompt);
      expect([tokens, low, high].every(Number.isInteger)).toBe(true);
      expect(low <= tokens && tokens <= high && low >= (prompt === '' ? 0 : 1)).toBe(true);
    }
  });

  it('found prompts stand in order, apart, within the document, and their range holds their text', () => {
    let found = 0;
    for (const document of documents(3, 800)) {
      let end = -1;
      for (const prompt of findPrompts(document)) {
        const { start } = prompt.range;
        expect(start).toBeGreaterThanOrEqual(Math.max(end, 0));
        end = prompt.range.end;
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(document.text.length);
        expect(prompt.text.trim()).not.toBe('');
        if (document.fileName !== 'a.yaml') {
          const [exact, unindented] = decoded(document, prompt);
          if (prompt.text !== exact) expect(prompt.text.replace(/^[ \t]+/gm, '')).toBe(unindented);
        }
        found++;
      }
    }
    expect(found).toBeGreaterThan(400);
  });

  it('the prompt at an offset is the one that was found around it', () => {
    const next = generator(4);
    for (const document of documents(4, 400)) {
      const found = findPrompts(document);
      for (let i = 0; i < 5; i++) {
        const offset = next(document.text.length + 1);
        const expected = found.find(({ range }) => range.start <= offset && offset <= range.end);
        expect(promptAt(document, offset), JSON.stringify({ ...document, offset })).toEqual(expected);
      }
    }
  });

  it('a data set has prompts with text and ids that differ, and problems with a line', () => {
    for (const text of madeUp(5, 800)) {
      for (const format of ['jsonl', 'csv', 'json', 'yaml', 'text'] as const) {
        const { prompts, problems } = parseDataset(text, format, 'name');
        expect(new Set(prompts.map(({ id }) => id)).size).toBe(prompts.length);
        expect(prompts.every((prompt) => prompt.text.trim() !== '')).toBe(true);
        expect(problems.every(({ line, message }) => line >= 1 && message.length > 20)).toBe(true);
        expect(prompts.length + problems.length).toBeGreaterThan(0);
      }
    }
  });

  it('plain text is one short line of visible characters', () => {
    for (const text of madeUp(6, 2_000)) {
      const line = plainText(text, 40);
      expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b]/u);
      expect(Array.from(line).length).toBeLessThanOrEqual(40);
    }
  });

  it('escaped Markdown and explanations hold no link, image, tag, icon or code', () => {
    const open = /(?<!\\)[[\]`|@]|<|\$\(|(?<!\\):\/\//u;
    const model = { ref: 'e/m', endpoint: 'e', id: 'm', simulated: false };
    for (const text of madeUp(7, 1_000)) {
      // A pair of backslashes is a shown backslash: what follows it would not be escaped.
      expect(escapeMarkdown(text).replaceAll('\\\\', '')).not.toMatch(open);
      const options = { scorer: seedScorer, tiers: defaultTiers, models: [model], preference: 'balanced' } as const;
      const quoted = explanationMarkdown(route(text, options), text)
        .split('\n')
        .find((line) => line.startsWith('> '));
      expect((quoted ?? '').replaceAll('\\\\', '').slice(2)).not.toMatch(open);
    }
  });
});

describe('large and hostile documents are bounded', () => {
  const size = 1_000_000;
  const units = [
    'a',
    '\n',
    '`',
    '~',
    '```prompt\n',
    '```',
    '- prompt: x\n',
    '{"prompt":"x"}\n',
    '[',
    '---\n',
    ' ',
    '\\',
    '"',
    '\ud800',
    '- ',
    '&a ',
  ];
  it.each(units)('of %j', (unit) => {
    const text = unit.repeat(Math.ceil(size / unit.length));
    for (const fileName of names) {
      const document = { fileName, languageId: 'plaintext', text };
      expect(findPrompts(document).length).toBeLessThanOrEqual(maxFoundPrompts);
      for (const offset of [0, size / 2, size]) promptAt(document, offset);
    }
    expect(seedScorer.score(text).score).toBeLessThanOrEqual(1);
    expect(estimateTokens(text).tokens).toBeGreaterThan(0);
    expect(plainText(text).length).toBeLessThanOrEqual(800);
  });
});
