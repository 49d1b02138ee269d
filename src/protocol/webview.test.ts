import { expect, test } from 'vitest';
import { sampleRun } from '../../test/sample-run.ts';
import { requestDetail } from '../core/report/detail.ts';
import { buildReport } from '../core/report/view.ts';
import { panelHtml } from './panel-page.ts';
import { parseFromWebview, parseToWebview } from './webview.ts';

test('the four messages of a panel pass', () => {
  for (const message of [
    { type: 'ready' },
    { type: 'requestDetail', id: 'r1' },
    { type: 'export', format: 'csv' },
    { type: 'command', command: 'openSettings' },
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
  const report = JSON.parse(JSON.stringify({ type: 'report', view: buildReport(run) }));
  expect(parseToWebview(report)).toEqual(report);
  const detail = { type: 'detail', id: 'r00001', detail: requestDetail(run, 'r00001') };
  expect(parseToWebview(detail)).toEqual(detail);
  expect(parseToWebview({ type: 'detail', id: 'gone' })).toEqual({ type: 'detail', id: 'gone' });
  expect(parseToWebview({ type: 'report', view: { title: 'x' } })).toBeUndefined();
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
