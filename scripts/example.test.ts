import { readdirSync, readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..', 'docs', 'example');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('the example of a report', () => {
  it('is there as a web page, as Markdown and as a picture', () => {
    expect(readdirSync(folder).sort()).toEqual(['report.html', 'report.md', 'report.png']);
    const picture = readFileSync(join(folder, 'report.png'));
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
    expect(picture.length).toBeGreaterThan(50_000);
    expect(picture.length).toBeLessThan(400_000);
  });

  it.each(['report.html', 'report.md'])('is of a real model that answered, by %s', (name) => {
    const text = read(name);
    expect(text).not.toMatch(/simulated/i);
    for (const model of ['chat/smollm2-135m', 'messages/smollm2-135m', 'litellm/smollm2-135m']) {
      expect(text).toContain(model);
    }
    expect(text).toContain('Complete');
    expect(text).not.toMatch(/Not valid/);
  });

  it.each(['report.html', 'report.md'])('names neither the machine nor a folder of it, in %s', (name) => {
    const text = read(name);
    expect(text).not.toMatch(/(?:^|[\s"'(>])(?:[A-Z]:\\|\/(?:home|Users|root|tmp|work|var|opt)\/)/);
    expect(text).not.toContain(`${homedir()}/`);
    // A short host name may be a word of an answer.
    if (hostname().length > 8) expect(text).not.toContain(hostname());
    const hosts = [...text.matchAll(/https?\\?:\/\/([^/\s"'<:]+)/g)].map(([, host]) => host);
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
  });
});

describe('the examples of simulated runs', () => {
  const docs = join(import.meta.dirname, '..', 'docs');
  const examples = [
    {
      name: 'example-sweep',
      pictures: ['stages'],
      words: ['fast/small', 'strong/medium', '16/s, Poisson', 'From schedule'],
    },
    {
      name: 'example-comparison',
      pictures: ['verdict', 'charts'],
      words: ['simulated/medium', 'simulated/large', 'p (Holm)'],
    },
  ];

  it.each(examples)('say that they are simulated, and are valid: $name', ({ name, words }) => {
    for (const file of ['report.html', 'report.md']) {
      const text = readFileSync(join(docs, name, file), 'utf8');
      for (const word of [...words, 'Simulated', 'Instrument error', 'Complete']) expect(text).toContain(word);
      expect(text).not.toMatch(/Not valid/);
      expect(text).not.toMatch(/(?:^|[\s"'(>])(?:[A-Z]:\\|\/(?:home|Users|root|tmp|work|var|opt)\/)/);
    }
    expect(readFileSync(join(docs, name, 'README.md'), 'utf8')).toContain('**Simulated.**');
  });

  it.each(examples)('have their pictures in light and dark: $name', ({ name, pictures }) => {
    const page = readFileSync(join(docs, name, 'README.md'), 'utf8');
    for (const picture of pictures.flatMap((one) => [`${one}-light.png`, `${one}-dark.png`])) {
      expect(page).toContain(picture);
      const bytes = readFileSync(join(docs, name, picture));
      expect(bytes.subarray(1, 4).toString()).toBe('PNG');
      expect(bytes.length).toBeLessThan(200_000);
    }
  });
});
