import { describe, expect, it } from 'vitest';
import { escapeMarkdown, plainText } from './plain-text.ts';

describe('plain text', () => {
  it('is one line', () => {
    expect(plainText('  one\r\n\ttwo\u2028three\u0085four\n')).toBe('one two three four');
  });

  it('shows control characters and direction marks as replacement characters', () => {
    expect(plainText('a\u0000b\u001b[31mc\u009bd')).toBe('a\ufffdb\ufffd[31mc\ufffdd');
    expect(plainText('user\u202egnp.exe\u202c \u2066x\u2069 \u200e\u061c')).toBe(
      'user\ufffdgnp.exe\ufffd \ufffdx\ufffd \ufffd\ufffd',
    );
    expect(plainText('\ud800x\udc00')).toBe('\ufffdx\ufffd');
  });

  it('drops what has no shape', () => {
    expect(plainText('pay\u200bpal\u00ad \u2060x\ufeff \u{e0041}')).toBe('paypal x');
  });

  it('keeps emoji and every script', () => {
    for (const text of ['👩‍💻 ok', '👍🏽', '日本語', 'नमस्ते', 'שלום', 'مرحبا', 'é']) expect(plainText(text)).toBe(text);
    for (const text of ['❤\ufe0f', '👩‍❤\ufe0f‍👩', 'نمی\u200cخواهم', 'क\u094d\u200dष'])
      expect(plainText(text)).toBe(text);
    expect(plainText('a\u200db\u200cc\ufe0fd')).toBe('abcd');
  });

  it('is at most as long as asked, in whole characters, and shows that it was cut', () => {
    expect(plainText('abcdef', 6)).toBe('abcdef');
    expect(plainText('abcdefg', 6)).toBe('abcde…');
    expect(plainText('😀😀😀', 2)).toBe('😀…');
    expect(plainText('word '.repeat(1_000_000), 20)).toBe('word word word word…');
    expect(plainText('\u200b'.repeat(1000), 10)).toBe('…');
  });
});

describe('escaped Markdown', () => {
  it.each([
    ['a link', '[x](command:quit)', '\\[x\\](command:quit)'],
    ['an image', '![](https://evil?d=1)', '!\\[\\](https\\://evil?d=1)'],
    ['a tag', '<img src=x>', '&#60;img src=x&#62;'],
    ['an entity', '&lt;b&#62;', '&#38;lt;b&#38;#62;'],
    ['a theme icon', '$(zap) \\$(zap)', '$\u2060(zap) \\\\$\u2060(zap)'],
    ['code', '`x` ```y```', '\\`x\\` \\`\\`\\`y\\`\\`\\`'],
    ['emphasis', '*a* _b_ ~~c~~', '\\*a\\* \\_b\\_ \\~\\~c\\~\\~'],
    ['a table cell', 'a|b', 'a\\|b'],
    ['bare addresses', 'http://e.com www.e.com _WWW.e.com a@b.c', 'http\\://e.com www\\.e.com \\_WWW\\.e.com a\\@b.c'],
    ['a heading', '# h', '\\# h'],
    ['lists', '- a\n+ b\n1. c\n2) d', '\\- a\\\n\\+ b\\\n1\\. c\\\n2\\) d'],
    ['an underlined heading', 'h\n===\n---', 'h\\\n\\===\\\n\\---'],
    ['a table', 'a\n:--', 'a\\\n\\:--'],
    [
      'indented code and blank lines',
      '    a\n\n\tb',
      '&nbsp;&nbsp;&nbsp;&nbsp;a\\\n&nbsp;\\\n&nbsp;&nbsp;&nbsp;&nbsp;b',
    ],
    ['a backslash', 'a\\', 'a\\\\'],
    ['direction marks and zero width', 'a\u202eb\u200bc', 'a\ufffdbc'],
    ['ordinary text', 'A price of 3-4 (or 5) is 20 % + tax: fine!', 'A price of 3-4 (or 5) is 20 % + tax: fine!'],
  ])('makes %s inert', (_, text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });
});
