import { describe, expect, it } from 'vitest';
import { redact } from './redact.ts';

const canary = 'can/ary"Käy+77%=x';

describe('redaction of a given secret', () => {
  for (const [name, spelling] of [
    ['as it is', canary],
    ['twice', `${canary} and ${canary}`],
    ['URL-encoded', encodeURIComponent(canary)],
    [
      'URL-encoded in lower case',
      encodeURIComponent(canary).toLowerCase().replace('can', 'can').replace('käy', 'Käy').replace('k%c3', 'K%c3'),
    ],
    ['as JSON', JSON.stringify(canary)],
    ['as JSON with escaped slashes', JSON.stringify(canary).replaceAll('/', '\\/')],
    ['as ASCII JSON', JSON.stringify(canary).replace('ä', '\\u00e4')],
    [
      'as JSON escaped throughout',
      [...canary].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    ],
    ['as HTML', canary.replace('"', '&quot;').replace('ä', '&#228;')],
    ['as HTML by numbers', canary.replace('"', '&#x22;').replace('/', '&#x2F;')],
    ['as base64', Buffer.from(canary).toString('base64')],
    ['as base64url', Buffer.from(canary).toString('base64url')],
    ['as base64 of user:secret', Buffer.from(`user:${canary}`).toString('base64')],
    ['as base64 of another user:secret', Buffer.from(`me:${canary}`).toString('base64')],
    ['as base64 of a third user:secret', Buffer.from(`anna:${canary}\n`).toString('base64')],
  ] as const) {
    it(`removes it ${name}`, () => {
      const clean = redact(`before ${spelling} after`, [canary]);
      // Quotes of JSON may stay around it.
      expect(clean).toMatch(/^before "?\[redacted\]"?( and \[redacted\])? after$/);
    });
  }

  it('removes it from base64 of a long text', () => {
    const whole = Buffer.from(`${'x'.repeat(9_000)}${canary}${'y'.repeat(9_000)}`).toString('base64');
    expect(redact(`a ${whole} b`, [canary])).toBe('a [redacted] b');
  });

  it('removes the longer of two secrets that begin alike', () => {
    expect(redact('key-abcd-efgh', ['key-abcd', 'key-abcd-efgh'])).toBe('[redacted]');
  });

  it('removes a short secret that is no word', () => {
    expect(redact('Wrong key sk-test, not a1b2.', ['sk-test', 'a1b2'])).toBe('Wrong key [redacted], not [redacted].');
  });

  it('leaves text alone that holds no secret', () => {
    const text = 'The model llama-3.1-8b-instruct was not found; see https://host.example/v1/models (HTTP 404).';
    expect(redact(text, [canary])).toBe(text);
  });

  it('does not eat words for a secret that is a placeholder', () => {
    const text = 'x marks no box; ollama is not-needed, nor EMPTY: a test of localhost';
    expect(redact(text, ['x', 'no', '', 'ollama', 'EMPTY', 'test', 'Not-Needed', 'localhost'])).toBe(text);
  });
});

describe('redaction of what looks like a secret', () => {
  for (const [text, clean] of [
    ['Incorrect API key provided: sk-proj-Abc123def456ghi789.', 'Incorrect API key provided: [redacted].'],
    ['key sk-ab****************wxyz', 'key [redacted]'],
    ['token dapi0123456789abcdef0123456789abcdef', 'token [redacted]'],
    ['Authorization: Bearer abcdefgh12345678', 'Authorization: Bearer [redacted]'],
    ['{"authorization":"Bearer abcdefgh12345678"}', '{"authorization":"Bearer [redacted]"}'],
    ['authorization=Basic dXNlcjpwYXNzd29yZDE=', 'authorization=Basic [redacted]'],
    ['{\\"api_key\\": \\"a1b2c3d4e5f6\\"}', '{\\"api_key\\": \\"[redacted]\\"}'],
    ['x-api-key: 0123456789abcdef', 'x-api-key: [redacted]'],
    ['GET /v1?key=a1b2c3d4e5&x=1', 'GET /v1?key=[redacted]&x=1'],
    ['https://anna:pass@host.example/v1', 'https://[redacted]@host.example/v1'],
    ['hf_AbCdEfGhIjKlMnOp', '[redacted]'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def', '[redacted]'],
    ['AKIAIOSFODNN7EXAMPLE', '[redacted]'],
  ] as const) {
    it(`turns ${text} into ${clean}`, () => {
      expect(redact(text)).toBe(clean);
    });
  }

  for (const text of [
    'Missing bearer authentication in header',
    'basic understanding of the token limit: 4096',
    'api_key: must be set',
    'maximum context length is 4096 tokens, however you requested 5000 tokens',
    'mail a@b.example about http://host.example/@user',
  ]) {
    it(`leaves ${JSON.stringify(text)} as it is`, () => {
      expect(redact(text)).toBe(text);
    });
  }

  it('does not slow down more than in proportion on hostile text', () => {
    const hostile = ['a', 'a.', 'api_key=', 'bearer ', 'eyJaaaaaaaa.', '://', 'sk-', 'A', 'http://a', 'a1+/'];
    const work = (size: number) => {
      const before = process.cpuUsage();
      for (const piece of hostile) redact(piece.repeat(Math.ceil(size / piece.length)), ['some-secret-of-20-chars']);
      const { user } = process.cpuUsage(before);
      return user;
    };
    work(20_000);
    const small = Math.min(work(50_000), work(50_000), work(50_000));
    const large = Math.min(work(400_000), work(400_000));
    // Eight times the text; quadratic work would be 64 times.
    expect(large / Math.max(small, 2_000)).toBeLessThan(24);
  });
});
