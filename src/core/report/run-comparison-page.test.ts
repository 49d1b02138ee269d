import { expect, test } from 'vitest';
import { sampleRun } from '../../../test/sample-run.ts';
import { compareRuns } from '../benchmark/compare-runs.ts';
import { runComparisonTitle } from './run-comparison.ts';
import { runComparisonWriters } from './run-comparison-page.ts';

const HOSTILE = '</title><script>alert(1)</script><img src=x onerror=alert(1)>';
const run = sampleRun({ models: ['small-8b', HOSTILE], requests: 12 });
const later = { ...run, manifest: { ...run.manifest, runId: HOSTILE, title: HOSTILE } };

test('a comparison is one page that runs and fetches nothing, whatever runs and models are called', () => {
  const html = runComparisonWriters.html(compareRuns([run, later]));
  expect(html).toMatch(/^<!DOCTYPE html>[\s\S]*default-src &#39;none&#39;|^<!DOCTYPE html>[\s\S]*default-src 'none'/);
  expect(html).not.toMatch(/<script|<img|<link|src="|@import|url\(http/i);
  expect(html.match(/<title>/g)).toHaveLength(1);
  expect(html).toContain('lab/small-8b');
  expect(html.match(/<table/g)).toHaveLength(2);
});

test('it is called after what ran, once where all ran the same', () => {
  expect(runComparisonTitle(compareRuns([run, run]))).toBe('support-questions.jsonl');
  const other = { ...run, manifest: { ...run.manifest, title: 'other.csv' } };
  expect(runComparisonTitle(compareRuns([run, other, run]))).toBe('support-questions.jsonl and other.csv');
});
