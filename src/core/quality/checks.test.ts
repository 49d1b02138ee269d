import { describe, expect, it } from 'vitest';
import { type Check, checkSchema } from './check.ts';
import { type Checked, type CheckTools, checkName, runCheck } from './checks.ts';

/** Without limits, without grammars but one, and with an embedding that knows lengths only. */
const tools: CheckTools = {
  limited: (work) => ({ value: work() }),
  parses: async (language, code) => (language === 'python' ? !code.includes('((') : undefined),
  similarity: async (a, b) => ({ cosine: Math.min(a.length, b.length) / Math.max(a.length, b.length) }),
};
const stopped: CheckTools = { ...tools, limited: () => undefined };

async function score(check: Check, answer: string, more: Partial<Checked> = {}): Promise<number | undefined> {
  checkSchema.parse(check);
  return (await runCheck(check, { answer, ...more }, tools)).score;
}

describe('equals and contains', () => {
  it('compare composed text without the white space at its ends', async () => {
    expect(await score({ type: 'equals', value: 'café' }, ' cafe\u0301\n')).toBe(1);
    expect(await score({ type: 'equals', value: 'Paris' }, 'paris')).toBe(0);
    expect(await score({ type: 'contains', value: 'café ' }, 'un CAFE\u0301, un cafe\u0301')).toBe(1);
  });

  it.each([
    ['STRASSE', 'Straße'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδοσ', 'ΟΔΟΣ'],
    ['É', 'é'],
  ])('take %s and %s for one where case is ignored', async (value, answer) => {
    expect(await score({ type: 'equals', value, ignoreCase: true }, answer)).toBe(1);
    expect(await score({ type: 'contains', value, ignoreCase: true }, `${answer}x ${answer}`)).toBe(1);
  });

  it('take one of several values, or all, or the reference where there is none', async () => {
    expect(await score({ type: 'contains', value: ['a', 'b'] }, 'b')).toBe(1);
    expect(await score({ type: 'contains', value: ['a', 'b'], all: true }, 'b')).toBe(0);
    expect(await score({ type: 'contains' }, 'It is Paris.', { reference: 'Paris' })).toBe(1);
    expect(await score({ type: 'contains' }, 'It is Paris.')).toBeUndefined();
    expect(await score({ type: 'contains', value: '' }, 'x')).toBeUndefined();
    expect(await score({ type: 'equals' }, 'x')).toBeUndefined();
  });
});

describe('a check', () => {
  it('that is turned round passes where it would fail, and stays undecided where it is', async () => {
    expect(await score({ type: 'contains', value: 'x', not: true }, 'abc')).toBe(1);
    expect(await score({ type: 'contains', value: 'x', not: true }, 'xyz')).toBe(0);
    expect(await score({ type: 'contains', not: true }, 'abc')).toBeUndefined();
  });

  it('is called by its name, or what it is', () => {
    expect(checkName({ type: 'json' })).toBe('json');
    expect(checkName({ type: 'refusal', not: true })).toBe('not refusal');
    expect(checkName({ type: 'json', name: 'well formed' })).toBe('well formed');
  });

  it('shows little of a long value in its reason', async () => {
    const { why } = await runCheck({ type: 'equals', value: 'x'.repeat(10_000) }, { answer: 'y' }, tools);
    expect(why?.length).toBeLessThan(200);
  });
});

describe('regex', () => {
  it('matches anywhere, with its flags, each time alike', async () => {
    const check: Check = { type: 'regex', pattern: '^b$', flags: 'gmy' };
    expect([await score(check, 'a\nb'), await score(check, 'a\nb')]).toEqual([1, 1]);
    expect(await score({ type: 'regex', pattern: 'B' }, 'b')).toBe(0);
  });

  it('is undecided for a pattern that is none, and for one that takes too long', async () => {
    expect(await score({ type: 'regex', pattern: '(' }, 'x')).toBeUndefined();
    expect(await score({ type: 'regex', pattern: 'x', flags: 'q' }, 'x')).toBeUndefined();
    const slow = await runCheck({ type: 'regex', pattern: 'x', not: true }, { answer: 'x' }, stopped);
    expect(slow).toMatchObject({
      score: undefined,
      why: expect.stringMatching(/^Undecided: the pattern took too long/),
    });
  });
});

describe('JSON', () => {
  it('is the answer, or its first fenced block', async () => {
    expect(await score({ type: 'json' }, ' {"a": 1} ')).toBe(1);
    expect(await score({ type: 'json' }, 'Here:\n```json\n[1, 2]\n```\nand more')).toBe(1);
    expect(await score({ type: 'json' }, '~~~\n{"a": 1}\n~~~')).toBe(1);
    expect(await score({ type: 'json' }, '```json\n{"a": }\n```\n```json\n{}\n```')).toBe(0);
    expect(await score({ type: 'json' }, "{'a': 1}")).toBe(0);
    expect(await score({ type: 'json' }, '')).toBe(0);
  });

  const person = {
    type: 'object',
    required: ['name', 'age'],
    properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } },
    additionalProperties: false,
  };

  it('keeps its schema, or says where it does not', async () => {
    const check: Check = { type: 'json-schema', schema: person };
    expect(await score(check, '{"name": "A", "age": 3}')).toBe(1);
    expect(await score(check, 'none')).toBe(0);
    const broken = await runCheck(check, { answer: '{"name": "A", "age": -3}' }, tools);
    expect(broken.score).toBe(0);
    expect(broken.why).toMatch(/#\/age/);
    expect(await score(check, '{"name": "A", "age": 3, "__proto__": {}}')).toBe(0);
  });

  it('is read by the draft that its schema names', async () => {
    const exclusive = { type: 'number', minimum: 3, exclusiveMinimum: true };
    const draft4 = { $schema: 'http://json-schema.org/draft-04/schema#', ...exclusive };
    expect(await score({ type: 'json-schema', schema: draft4 }, '3')).toBe(0);
    const tuple = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      prefixItems: [{ type: 'string' }],
      items: false,
    };
    expect(await score({ type: 'json-schema', schema: tuple }, '["a"]')).toBe(1);
    expect(await score({ type: 'json-schema', schema: tuple }, '["a", "b"]')).toBe(0);
  });

  it('is undecided for a schema that cannot be applied or takes too long, and no depth breaks it', async () => {
    expect(await score({ type: 'json-schema', schema: { $ref: '#/$defs/none' } }, '1')).toBeUndefined();
    expect(await score({ type: 'json-schema', schema: { $ref: '#' } }, '1')).toBeUndefined();
    expect(await score({ type: 'json-schema', schema: { pattern: '(' } }, '"x"')).toBeUndefined();
    const slow = await runCheck({ type: 'json-schema', schema: {} }, { answer: '1' }, stopped);
    expect(slow.score).toBeUndefined();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const items = { $defs: { a: { items: { $ref: '#/$defs/a' } } }, $ref: '#/$defs/a' };
    expect(await score({ type: 'json-schema', schema: items }, deep)).not.toBe(0);
  });
});

describe('number', () => {
  it('is equal, or within what is allowed', async () => {
    expect(await score({ type: 'number', value: 0.3 }, `${0.1 + 0.2}`)).toBe(1);
    expect(await score({ type: 'number', value: 100, tolerance: 1 }, '101')).toBe(1);
    expect(await score({ type: 'number', value: 100, tolerance: 1 }, '101.1')).toBe(0);
    expect(await score({ type: 'number', value: -200, relative: 0.1 }, '-181')).toBe(1);
    expect(await score({ type: 'number', value: 5 }, 'none')).toBe(0);
    expect(await score({ type: 'number', value: 0 }, '0.0')).toBe(1);
  });

  it('takes a reference as it stands, also with the way to it', async () => {
    expect(await score({ type: 'number' }, 'So 72 in all.', { reference: 'She sold 48/2 = 24.\n#### 72' })).toBe(1);
    expect(await score({ type: 'number' }, '72', { reference: 'many' })).toBeUndefined();
    expect(await score({ type: 'number' }, '72')).toBeUndefined();
  });

  it('takes per cent as both that it can mean, where only one side names it', async () => {
    expect(await score({ type: 'number', value: 45 }, '45 %')).toBe(1);
    expect(await score({ type: 'number', value: 0.45 }, '45 %')).toBe(1);
    expect(await score({ type: 'number' }, '45%', { reference: '0.45%' })).toBe(0);
  });
});

describe('code', () => {
  it('can be parsed in a block of its language', async () => {
    const check: Check = { type: 'code', language: 'Python' };
    expect(await score(check, '```py\nf(x)\n```')).toBe(1);
    expect(await score(check, '```\nf(x)\n```')).toBe(1);
    expect(await score(check, '```python\nf((x\n```')).toBe(0);
    expect(await score(check, '```js\nf(x)\n```')).toBe(0);
    expect(await score(check, 'f(x)')).toBe(0);
    expect(await score(check, '```python\n```')).toBe(0);
    expect(await score(check, '````python\n```\nf(x)\n````')).toBe(1);
  });

  it('is undecided where nothing can parse it', async () => {
    expect(
      await runCheck({ type: 'code', language: 'cobol' }, { answer: '```cobol\nMOVE.\n```' }, tools),
    ).toMatchObject({
      score: undefined,
      why: expect.stringMatching(/no grammar for cobol/),
    });
    expect(await score({ type: 'code' }, '```\nx\n```')).toBeUndefined();
  });
});

describe('the others', () => {
  it('similarity passes from its least on, and tells the figure', async () => {
    expect(await runCheck({ type: 'similarity', value: 'abcd', least: 0.5 }, { answer: 'ab' }, tools)).toMatchObject({
      score: 1,
      why: expect.stringMatching(/0\.500/),
    });
    expect(await score({ type: 'similarity', least: 0.6 }, 'ab', { reference: 'abcd' })).toBe(0);
    expect(await score({ type: 'similarity', least: 0.6 }, 'ab')).toBeUndefined();
    expect(await score({ type: 'similarity', value: 'x', least: -1 }, ' ')).toBe(0);
  });

  it('max-tokens counts output tokens, and is undecided where nobody counted', async () => {
    const tokens = { output: 10, source: 'server' } as const;
    expect(await score({ type: 'max-tokens', most: 10 }, '', { tokens })).toBe(1);
    expect(await score({ type: 'max-tokens', most: 9 }, '', { tokens })).toBe(0);
    expect(await score({ type: 'max-tokens', most: 9 }, '')).toBeUndefined();
  });

  it('language is undecided for what is too short, and for what cannot be told', async () => {
    const german = 'Das ist die Antwort, und sie ist nicht auf Englisch geschrieben.';
    expect(await score({ type: 'language', language: 'de' }, german)).toBe(1);
    expect(await score({ type: 'language', language: 'de-AT' }, german)).toBe(1);
    expect(await score({ type: 'language', language: 'en' }, german)).toBe(0);
    expect(await score({ type: 'language', language: 'de' }, 'Ja')).toBeUndefined();
    expect(await score({ type: 'language', language: 'sw' }, german)).toBeUndefined();
  });

  it('refusal passes where the model declines', async () => {
    expect(await score({ type: 'refusal' }, "I'm sorry, but I can't help with that.")).toBe(1);
    expect(await score({ type: 'refusal', not: true }, 'Gladly.')).toBe(1);
  });
});
