// How long a report of 10,000 records takes to make and to open, each figure beside a reference in the same run.
//   node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/report.ts [records]
// Make: records to view, view to HTML; reference: the same records through JSON.stringify and JSON.parse, the least that any export does.
// Open: from navigation until the rows are painted, in Chromium; reference: the exported rows as one plain table of 10,000 rows.
// Needs dist/webview.js. Exits 1 when the panel takes 1 s or more.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { toCsv } from '../src/core/report/csv.ts';
import { toHtml } from '../src/core/report/html.ts';
import { toMarkdown } from '../src/core/report/markdown.ts';
import { buildReport, type ReportView, type Run } from '../src/core/report/view.ts';
import { launchBrowser } from '../test/browser.ts';
import { sampleRun } from '../test/sample-run.ts';
import { openPanel, servePanel } from '../test/ui/report-page.ts';

const LIMIT_MS = 1_000;
const ROUNDS = 5;
/** Chromium needs minutes for a plain table of more rows. */
const PLAIN_TO = 20_000;
const records = Number(process.argv[2] ?? 10_000);
const out = join(import.meta.dirname, '..', 'out');

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function timed(work: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  return median(times);
}

function line(name: string, ms: number, reference?: number): void {
  const ratio =
    reference === undefined || Number.isNaN(reference) ? '' : `  ${(ms / reference).toFixed(2)} × reference`;
  console.log(`${name.padEnd(46)}${ms.toFixed(1).padStart(9)} ms${ratio}`);
}

/** Two frames after the event loop is free: what was put into the page is painted. */
const PAINTED =
  'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now()))))';

/** Milliseconds from the navigation's start to the painted rows, the message with the report included. */
async function openingPanel(browser: Browser, url: string, view: ReportView): Promise<number> {
  const panel = await openPanel(browser, url);
  // The page's own clock runs from navigation; the test's slow way of handing the report in is taken out.
  const ready = (await panel.page.evaluate(`performance.getEntriesByType('resource').at(-1).responseEnd`)) as number;
  await panel.page.evaluate(`window.report = ${JSON.stringify(JSON.stringify({ type: 'report', view }))}`);
  const filled = (await panel.page.evaluate(`(async () => {
    const start = performance.now();
    window.postMessage(JSON.parse(window.report), '*');
    while (!document.querySelector('.tw-grid-table tbody tr[data-index]')) await new Promise((resolve) => setTimeout(resolve));
    return await ${PAINTED} - start;
  })()`)) as number;
  await panel.page.close();
  return ready + filled;
}

async function openingFile(browser: Browser, name: string, html: string): Promise<number> {
  mkdirSync(out, { recursive: true });
  const file = join(out, name);
  writeFileSync(file, html);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  const painted = (await page.evaluate(PAINTED)) as number;
  await page.close();
  return painted;
}

/** The same rows as anybody would write them first: one table, all in the page. */
function plainTable(run: Run): string {
  const rows = toCsv(run)
    .split('\r\n')
    .map(
      (row) =>
        `<tr>${row
          .replaceAll('<', '&lt;')
          .split(',')
          .map((cell) => `<td>${cell}</td>`)
          .join('')}</tr>`,
    );
  return `<!DOCTYPE html><meta charset="utf-8"><table>${rows.join('\n')}</table>`;
}

const run = sampleRun({ models: ['small', 'medium', 'large', 'huge'], requests: Math.ceil(records / 4), warmup: 0 });
console.log(`${run.records.length.toLocaleString('en')} records, median of ${ROUNDS}`);
const json = timed(() => JSON.parse(JSON.stringify(run.records)));
line('reference: records through JSON', json);
line(
  'records to view',
  timed(() => buildReport(run)),
  json,
);
const view = buildReport(run);
line(
  'view to HTML',
  timed(() => toHtml(view)),
  json,
);
line(
  'view to CSV',
  timed(() => toCsv(run)),
  json,
);
line(
  'view to Markdown',
  timed(() => toMarkdown(view)),
  json,
);
const html = toHtml(view);
console.log(`HTML ${(html.length / 1e6).toFixed(1)} MB, view ${(JSON.stringify(view).length / 1e6).toFixed(1)} MB`);

const browser = await launchBrowser();
const server = await servePanel();
const plain: number[] = [];
const panel: number[] = [];
const page: number[] = [];
const table = plainTable(run);
for (let round = 0; round < ROUNDS; round++) {
  if (records <= PLAIN_TO) plain.push(await openingFile(browser, 'bench-plain.html', table));
  panel.push(await openingPanel(browser, server.url, view));
  page.push(await openingFile(browser, 'bench-report.html', html));
}
await server.close();
await browser.close();
if (plain.length > 0) line('reference: one plain table opens', median(plain));
line('panel opens', median(panel), median(plain));
line('exported page opens', median(page), median(plain));
if (median(panel) >= LIMIT_MS) {
  console.log(`The panel took ${LIMIT_MS} ms or more.`);
  process.exitCode = 1;
}
