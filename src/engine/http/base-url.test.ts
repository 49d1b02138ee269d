import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { isLoopback, keyForOrigin, parseBaseUrl } from './base-url.ts';

function refusal(text: string): Failure {
  try {
    parseBaseUrl(text);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('a base URL', () => {
  it('is normalised without slashes at its end', () => {
    expect(parseBaseUrl(' https://Host.Example:443/v1// ')).toEqual({
      url: 'https://host.example/v1',
      origin: 'https://host.example',
      loopback: false,
    });
    expect(parseBaseUrl('http://127.0.0.1:8000')).toEqual({
      url: 'http://127.0.0.1:8000',
      origin: 'http://127.0.0.1:8000',
      loopback: true,
    });
  });

  for (const [text, why] of [
    ['', /empty/],
    ['https://good@evil.example/v1', /user name/],
    ['https://user:secret@evil.example', /user name/],
    ['https://@evil.example', /user name/],
    ['//evil.example/v1', /http:\/\/ or https:\/\//],
    ['file:///etc/passwd', /http:\/\/ or https:\/\//],
    ['javascript:alert(1)', /http:\/\/ or https:\/\//],
    ['ftp://host.example', /http:\/\/ or https:\/\//],
    ['host.example:8080/v1', /http:\/\/ or https:\/\//],
    ['http:/host.example', /http:\/\/ or https:\/\//],
    ['https:host.example', /http:\/\/ or https:\/\//],
    ['https:///host.example', /http:\/\/ or https:\/\//],
    ['https:\\\\evil.example', /backslash/],
    ['https://good.example\\@evil.example', /backslash/],
    ['https://host.example./v1', /dot at its end/],
    ['https://ho\tst.example', /invisible/],
    ['https://host.example/v1\nx', /invisible/],
    ['https://host.example/a b', /spaces/],
    ['https://host\u200b.example', /invisible/],
    ['https://host.example/\u202e1v', /invisible/],
    ['https://host.example\u0000', /invisible/],
    ['https://host.example/v1?key=1', /query/],
    ['https://host.example/v1#x', /fragment/],
    ['https://host.example?', /query/],
    ['https://host.example:99999', /valid/],
    ['https://[::1', /valid/],
    ['https://host.example/v1/chat/completions', /one operation/],
  ] as const) {
    it(`such as ${JSON.stringify(text)} is refused, with a way to mend it`, () => {
      const failure = refusal(text);
      expect(failure.code).toBe('config');
      expect(failure.message).toMatch(why);
      expect(failure.message).toMatch(/\. [A-Z].+\.$/);
      expect(failure.message).not.toContain('secret');
    });
  }

  it('with letters that look like others is refused and shows what the network would see', () => {
    expect(refusal('https://аpi.openai.com/v1').message).toContain('xn--pi-6kc.openai.com');
    expect(refusal('https://xn--pi-6kc.openai.com/v1').message).toContain('xn--pi-6kc.openai.com');
    expect(refusal('https://ａpi.openai.com/v1').message).toContain('"api.openai.com"');
    expect(refusal('https://api%2eopenai.com/v1').message).toContain('"api.openai.com"');
  });

  for (const text of [
    'http://localhost:1',
    'http://127.0.0.1',
    'http://127.8.9.1',
    'http://[::1]:8000',
    'http://0x7f.1',
    'http://[::ffff:127.0.0.1]',
    'http://a.localhost',
  ]) {
    it(`on this machine (${text}) needs no confirmation`, () => {
      expect(parseBaseUrl(text)).toMatchObject({ loopback: true });
      expect(parseBaseUrl(text).needsConfirmation).toBeUndefined();
    });
  }

  it('of plain http elsewhere needs confirmation, https does not', () => {
    for (const text of [
      'http://host.example/v1',
      'http://192.168.1.9:8000',
      'http://0.0.0.0:8000',
      'http://localhost.evil.example',
    ]) {
      expect(parseBaseUrl(text)).toMatchObject({
        loopback: false,
        needsConfirmation: expect.stringContaining('unencrypted'),
      });
    }
    expect(parseBaseUrl('https://host.example/v1').needsConfirmation).toBeUndefined();
    expect(parseBaseUrl('https://192.168.1.9/v1').needsConfirmation).toBeUndefined();
  });

  for (const host of [
    '169.254.169.254',
    '169.254.0.1',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '0xa9.254.43518',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[FD00:0EC2:0::254]',
    'metadata.google.internal',
    'METADATA.google.internal',
    '100.100.100.200',
    '168.63.129.16',
  ]) {
    it(`at ${host}, where cloud credentials are handed out, needs confirmation`, () => {
      expect(parseBaseUrl(`https://${host}/v1`).needsConfirmation).toContain('credentials');
    });
  }
});

describe('a key', () => {
  const key = { endpoint: 'e', origin: 'https://host.example', key: 'secret-key' };

  it('goes to the origin it was saved for, whatever the path', () => {
    expect(keyForOrigin(key, 'https://host.example/v1/models')).toBe('secret-key');
    expect(keyForOrigin(key, 'https://HOST.example:443')).toBe('secret-key');
    expect(keyForOrigin(undefined, 'https://host.example')).toBeUndefined();
  });

  it('goes nowhere else', () => {
    for (const url of [
      'http://host.example/v1',
      'https://host.example:8443/v1',
      'https://host.example.evil.example',
      'https://evil.example/https://host.example',
      'https://sub.host.example',
      'not a url',
      'file:///x',
    ]) {
      expect(keyForOrigin(key, url), url).toBeUndefined();
    }
    expect(keyForOrigin({ ...key, origin: 'null' }, 'file:///x')).toBeUndefined();
    expect(keyForOrigin({ ...key, origin: 'file:///x' }, 'file:///x')).toBeUndefined();
    expect(keyForOrigin({ ...key, origin: '' }, 'https://host.example')).toBeUndefined();
  });
});

describe('loopback', () => {
  it('is told from hosts that only look like it', () => {
    expect(isLoopback('127.0.0.1.evil.example')).toBe(false);
    expect(isLoopback('localhost.evil.example')).toBe(false);
    expect(isLoopback('128.0.0.1')).toBe(false);
    expect(isLoopback('[::2]')).toBe(false);
  });
});
