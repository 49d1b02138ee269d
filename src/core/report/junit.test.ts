import { describe, expect, it } from 'vitest';
import { evaluateGates, parseGate } from '../benchmark/gates.ts';
import { type Made, madeRun } from '../benchmark/testing/compared-run.ts';
import { toJUnit } from './junit.ts';

/** A strict reading of the XML that is used here: tags that match, quoted attributes, known entities, allowed characters. */
function elements(xml: string): { name: string; attributes: Record<string, string>; text: string }[] {
  const rest = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  expect(rest).not.toBe(xml);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids.
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u);
  const decoded = (text: string) => {
    expect(text).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot|#39|#96);)/);
    return text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&#96;', '`')
      .replaceAll('&amp;', '&');
  };
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: (typeof found)[number][] = [];
  let at = 0;
  for (const match of rest.matchAll(/<(\/?)([a-z]+)((?: [a-zA-Z]+="[^"<]*")*)(\/?)>/g)) {
    const text = decoded(rest.slice(at, match.index));
    const inner = open.at(-1);
    if (inner) inner.text += text;
    else expect(text.trim()).toBe('');
    at = match.index + match[0].length;
    const [, closing, name = '', attributes = '', empty] = match;
    if (closing) {
      expect(open.pop()?.name).toBe(name);
      continue;
    }
    const list = [...attributes.matchAll(/ ([a-zA-Z]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
      key,
      decoded(value),
    ]);
    expect(new Set(list.map(([key]) => key)).size).toBe(list.length);
    const element = { name, attributes: Object.fromEntries(list), text: '' };
    found.push(element);
    if (!empty) open.push(element);
  }
  expect(rest.slice(at).trim()).toBe('');
  expect(open).toEqual([]);
  return found;
}

const gates = (made: Made, ...texts: string[]) => {
  const run = madeRun(made);
  return elements(toJUnit(run, evaluateGates(texts.map(parseGate), run.summary)));
};

describe('toJUnit', () => {
  it('has a case for each gate and model, with why one failed', () => {
    const found = gates({ came: (model) => ({ ttft: model ? 900 : 100 }) }, 'p95_ttft_ms<800', 'cost_usd<=1');
    const [suites, suite] = found;
    expect(suites).toMatchObject({ name: 'testsuites', attributes: { tests: '3', failures: '1', errors: '0' } });
    expect(suite?.attributes).toMatchObject({ name: 'made: Gates', tests: '3', failures: '1', time: '1.000' });
    expect(found.filter(({ name }) => name === 'testcase').map(({ attributes }) => attributes.name)).toEqual([
      'p95_ttft_ms<800 · sim/small',
      'p95_ttft_ms<800 · sim/large',
      'cost_usd<=1',
    ]);
    expect(found.filter(({ name }) => name === 'failure')).toEqual([
      {
        name: 'failure',
        attributes: { type: 'gate', message: 'p95_ttft_ms is 900, not < 800.' },
        text: 'p95_ttft_ms is 900, not < 800.',
      },
    ]);
    const properties = found.filter(({ name }) => name === 'property').map(({ attributes }) => attributes);
    expect(properties).toContainEqual({ name: 'run', value: 'run' });
    expect(properties).toContainEqual({ name: 'valid', value: 'true' });
  });

  it('lists failed checks by prompt and model in a suite of their own', () => {
    const found = gates({ prompts: 3, came: (model, prompt) => ({ score: model && prompt === 1 ? 0 : 1 }) });
    expect(
      found.filter(({ name }) => name === 'testsuite').map(({ attributes }) => [attributes.name, attributes.failures]),
    ).toEqual([
      ['made: Gates', '0'],
      ['made: Checks', '1'],
    ]);
    expect(found.filter(({ name }) => name === 'testcase').map(({ attributes }) => attributes)).toEqual([
      { classname: 'tierwise.checks.sim/large', name: 'p1 · json · 1.1.0.0', time: '0' },
    ]);
  });

  it('lists no more than 200 failed checks, and says how many there are', () => {
    const found = gates({ prompts: 150, came: () => ({ score: 0 }) });
    const cases = found.filter(({ name }) => name === 'testcase');
    expect(cases).toHaveLength(201);
    expect(cases.at(-1)?.attributes.name).toBe('100 further checks that failed');
  });

  it('leaves out what was checked of warm-up', () => {
    expect(
      gates({ came: () => ({ score: 0, fields: { warmup: true } }) }).filter(({ name }) => name === 'testcase'),
    ).toEqual([]);
  });

  it('stays well-formed whatever names and reasons hold', () => {
    const evil = ']]><x a="1">&amp;\u0000\u001b[31m\ud800\ufffe\uffff\n\'`--';
    const run = madeRun({
      models: [evil, 'plain'],
      prompts: 2,
      manifest: { title: evil, runId: evil },
      came: () => ({}),
      outcomes: [{ kind: 'check', record: 'run.0.0.0.0', check: 0, name: evil, score: 0, why: evil, at: '' }],
    });
    const found = elements(toJUnit(run, evaluateGates([parseGate('quality>1')], run.summary)));
    const failure = found.find(({ name, attributes }) => name === 'failure' && attributes.type === 'check');
    expect(failure?.text).toContain(']]><x a="1">&amp;');
  });
});
