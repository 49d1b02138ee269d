import { describe, expect, it } from 'vitest';
import { compareRuns } from '../benchmark/compare-runs.ts';
import { madeRun } from '../benchmark/testing/compared-run.ts';
import { metricCells } from './metric-cells.ts';
import { runComparisonJson, runComparisonMarkdown, runComparisonSection, runComparisonText } from './run-comparison.ts';

const before = madeRun({
  models: ['m'],
  prompts: 200,
  came: (_, prompt) => ({ ttft: 100, score: prompt % 4 ? 1 : 0 }),
});
const after = madeRun({
  models: ['m'],
  prompts: 200,
  came: (_, prompt) => ({ ttft: 130, score: prompt % 4 ? 1 : 0.5 }),
});
const comparison = compareRuns([before, after]);

describe('a comparison of runs', () => {
  it('is a table with words for a terminal', () => {
    const text = runComparisonText(comparison);
    expect(text).toMatch(/^Before: made \(run, 2026-11-24 08:00:00 UTC\)\nAfter: /);
    expect(text).toMatch(/TTFT +200 +100 ms +130 ms +\+30\.0 % +\+30\.0 % to \+30\.0 % +< 0\.001 +worse/);
    expect(text).toMatch(/Quality +200 +0\.75 +0\.88 +\+0\.12 +\+0\.\d\d to \+0\.\d\d .* better/);
    expect(text).toContain('The plans are the same.');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('is the same table in Markdown and in HTML, and its schema in JSON', () => {
    expect(runComparisonMarkdown(comparison)).toContain(
      '| TTFT | 200 | 100 ms | 130 ms | \\+30.0 % | \\+30.0 % to +30.0 % |',
    );
    expect(runComparisonSection(comparison).markup).toContain(
      '<th scope="row">TTFT</th><td>200</td><td>100 ms</td><td>130 ms</td>',
    );
    expect(JSON.parse(runComparisonJson(comparison))).toEqual({ schema: 1, ...comparison });
  });

  it('lets no name do anything in any format', () => {
    const name = '<img src=x>|`[a](b)\u202e\u001b[2J';
    const one = madeRun({ models: [name], manifest: { title: name, runId: name }, came: () => ({}) });
    const both = compareRuns([one, one]);
    expect(runComparisonSection(both).markup).not.toMatch(/<img|\u202e|\p{Cc}/u);
    expect(runComparisonText(both).replaceAll('\n', '')).not.toMatch(/\u202e|\p{Cc}/u);
    const markdown = runComparisonMarkdown(both);
    expect(markdown).not.toMatch(/(?<!\\)<img|(?<!\\)`|(?<!\\)\[a|\u202e/);
  });
});

it('writes large ratios as multiples, differences with their sign, and what is needed to tell', () => {
  const verdict = {
    metric: 'e2e' as const,
    n: 12,
    a: 100,
    b: 810,
    scale: 'ratio' as const,
    effect: 8.1,
    low: 0.98,
    high: 9,
    p: 0.01,
    pAdjusted: 0.04,
    margin: 1.05,
    outcome: 'too-few' as const,
    needed: 123,
  };
  expect(metricCells(verdict, { a: 'worse', b: 'better', tied: 'the same' })).toMatchObject({
    effect: '× 8.10',
    interval: '−2.00 % to × 9.00',
    p: '0.040',
    outcome: 'cannot be told; about 130 prompts would',
  });
});
