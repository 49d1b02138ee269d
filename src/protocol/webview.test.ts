import { expect, test } from 'vitest';
import { sampleRun } from '../../test/sample-run.ts';
import { compareRuns } from '../core/benchmark/compare-runs.ts';
import { requestDetail } from '../core/report/detail.ts';
import { buildReport } from '../core/report/view.ts';
import { panelHtml } from './panel-page.ts';
import { parseFromWebview, parseToWebview } from './webview.ts';

test('the messages of a panel pass', () => {
  for (const message of [
    { type: 'ready' },
    { type: 'requestDetail', id: 'r1' },
    { type: 'export', format: 'csv' },
    { type: 'command', command: 'openSettings' },
    { type: 'rate', id: 'r1', value: -1 },
    { type: 'comparePairs' },
    { type: 'pairVerdict', number: 3, verdict: 'left' },
    { type: 'refresh' },
  ]) {
    expect(parseFromWebview(message)).toEqual(message);
  }
});

test('what is unknown, too long, too much or of a wrong type is refused', () => {
  for (const value of [
    undefined,
    null,
    'ready',
    7,
    [],
    [{ type: 'ready' }],
    {},
    { type: 'other' },
    { type: 'ready', extra: 1 },
    { type: 'requestDetail' },
    { type: 'requestDetail', id: '' },
    { type: 'requestDetail', id: 'x'.repeat(257) },
    { type: 'requestDetail', id: { toString: () => 'r1' } },
    { type: 'export', format: 'exe' },
    { type: 'export', format: ['html'] },
    { type: 'command', command: 'workbench.action.terminal.new' },
    { type: 'command', command: 'openSettings', args: ['x'] },
    { type: 'rate', id: 'r1' },
    { type: 'rate', id: 'r1', value: 2 },
    { type: 'rate', id: 'r1', value: '1' },
    { type: 'rate', id: 'x'.repeat(257), value: 1 },
    { type: 'rate', id: 'r1', value: 1, by: 'judge' },
    { type: 'pairVerdict', number: 1, verdict: 'a' },
    { type: 'pairVerdict', number: -1, verdict: 'left' },
    { type: 'pairVerdict', number: 1.5, verdict: 'left' },
    { type: 'pairVerdict', number: Number.NaN, verdict: 'left' },
    { type: 'pairVerdict', number: 1, verdict: 'left', a: 'r1' },
    { type: 'comparePairs', seed: 1 },
  ]) {
    expect(parseFromWebview(value)).toBeUndefined();
  }
});

test('a message with __proto__, with a foreign prototype or with a symbol is refused', () => {
  expect(parseFromWebview(JSON.parse('{"type":"ready","__proto__":{"admin":true}}'))).toBeUndefined();
  expect(parseFromWebview(JSON.parse('{"__proto__":{"type":"ready"}}'))).toBeUndefined();
  expect(parseFromWebview(Object.create({ type: 'ready' }))).toBeUndefined();
  expect(
    parseFromWebview(
      new (class {
        type = 'ready';
      })(),
    ),
  ).toBeUndefined();
  expect(parseFromWebview({ type: 'ready', [Symbol('x')]: 1, y: 1 })).toBeUndefined();
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test('a report and a detail reach the panel whole', () => {
  const run = sampleRun({ requests: 5 });
  const report = JSON.parse(JSON.stringify({ type: 'report', view: buildReport(run), pairs: true }));
  expect(parseToWebview(report)).toEqual(report);
  const detail = { type: 'detail', id: 'r00001', detail: requestDetail(run, 'r00001') };
  expect(parseToWebview(detail)).toEqual(detail);
  expect(parseToWebview({ type: 'detail', id: 'gone' })).toEqual({ type: 'detail', id: 'gone' });
  expect(parseToWebview({ type: 'report', view: { title: 'x' }, pairs: true })).toBeUndefined();
});

test('a pair that names a model or a record, or is too long, does not reach the page', () => {
  const pair = { type: 'pair', number: 1, prompt: 'p', left: 'l', right: 'r', rated: 0, skipped: 0, remaining: 1 };
  expect(parseToWebview(pair)).toEqual(pair);
  expect(parseToWebview({ ...pair, left: 'x'.repeat(2_000_001) })).toBeUndefined();
  for (const more of [{ model: 'm' }, { id: 'r1' }, { leftId: 'r1' }, { promptId: 'p1' }])
    expect(parseToWebview({ ...pair, ...more })).toBeUndefined();
});

test('a thumb and a comparison of runs reach the panel', () => {
  const rated = { type: 'rated', id: 'r1', value: 1 };
  expect(parseToWebview(rated)).toEqual(rated);
  expect(parseToWebview({ ...rated, value: 5 })).toBeUndefined();
  const comparison = { type: 'comparison', comparison: compareRuns([sampleRun(), sampleRun({ errorShare: 0.2 })]) };
  expect(parseToWebview(JSON.parse(JSON.stringify(comparison)))).toEqual(JSON.parse(JSON.stringify(comparison)));
  expect(parseToWebview({ type: 'comparison', comparison: { runs: [] } })).toBeUndefined();
});

test("the panel's page runs one script and one style by nonce and reaches nothing else", () => {
  const html = panelHtml({
    nonce: 'abc123',
    scriptUri: 'vscode-webview://x/webview.js',
    cspSource: 'vscode-webview://x',
    title: '<b>"x"</b>',
  });
  const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(html)!;
  expect(policy!.replaceAll('&#39;', "'")).toBe(
    "default-src 'none'; img-src data:; style-src vscode-webview://x 'nonce-abc123'; script-src 'nonce-abc123'; font-src vscode-webview://x; base-uri 'none'; form-action 'none'",
  );
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html.match(/<style/g)).toHaveLength(1);
  expect(html).not.toMatch(/ style="| on\w+="/);
  expect(html).toContain('<title>&lt;b&gt;&quot;x&quot;&lt;/b&gt;</title>');
});
