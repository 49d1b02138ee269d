import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareRuns } from '../../src/core/benchmark/compare-runs.ts';
import { requestDetail } from '../../src/core/report/detail.ts';
import { toHtml } from '../../src/core/report/html.ts';
import { buildReport, type Run } from '../../src/core/report/view.ts';
import type { ShownPair } from '../../src/protocol/webview.ts';
import { launchBrowser } from '../browser.ts';
import { sampleRun } from '../sample-run.ts';
import { axeFindings, openPanel, type Panel, type PanelOptions, servePanel } from './report-page.ts';
import { themes } from './vscode-themes.ts';

const out = join(import.meta.dirname, '..', '..', 'out');
const screenshots = join(out, 'screenshots');
/** The component library sets an empty `style` attribute once; the policy refuses it, and nothing is lost. */
const HARMLESS = /Applying inline style.*sha256-47DEQpj8HBSa/;

let browser: Browser;
let server: Awaited<ReturnType<typeof servePanel>>;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  browser = await launchBrowser();
  server = await servePanel();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function panelWith(run: Run, options: PanelOptions = {}): Promise<Panel> {
  const panel = await openPanel(browser, server.url, options);
  await panel.post({ type: 'report', view: buildReport(run), pairs: false });
  await panel.page.locator('.tw-grid-table').waitFor();
  return panel;
}

const rowsOf = (page: Page) => page.locator('.tw-grid-table tbody tr:not(.tw-spacer)');
const columnOf = async (page: Page, column: number) =>
  (await page.locator(`.tw-grid-table tbody tr:not(.tw-spacer) td:nth-child(${column})`).allTextContents()).map(
    (text) => text.trim(),
  );

const scrollTable = (page: Page, top: string) =>
  page.evaluate(`{ const table = document.querySelector('.tw-grid-scroller'); table.scrollTop = ${top}; }`);
const openAll = (page: Page) =>
  page.evaluate(`for (const part of document.querySelectorAll('details')) part.open = true;`);

describe('the report panel', () => {
  test('asks for the report, shows it, and breaks no rule of its content policy', async () => {
    const panel = await openPanel(browser, server.url);
    expect(await panel.messages()).toEqual([{ type: 'ready' }]);
    await panel.post({ type: 'report', view: buildReport(sampleRun()), pairs: false });
    await panel.page.getByRole('heading', { level: 1, name: 'support-questions.jsonl' }).waitFor();
    expect(await panel.page.evaluate('window.stored.runId')).toBe('20261123-093000-lab');
    expect(await panel.page.getByRole('table', { name: 'Latency by model' }).getByRole('row').count()).toBe(5);
    expect(await panel.page.getByRole('img', { name: 'Cost against latency' }).count()).toBe(1);
    expect(panel.problems.filter((problem) => !HARMLESS.test(problem))).toEqual([]);
    await panel.page.close();
  });

  test('ignores a message that is not of its protocol', async () => {
    const panel = await panelWith(sampleRun({ requests: 3 }));
    await panel.page.evaluate(`window.postMessage({ type: 'report', view: { title: 'forged' } }, '*')`);
    await panel.page.evaluate(`window.postMessage('nonsense', '*')`);
    await panel.page.waitForTimeout(100);
    expect(await panel.page.getByRole('heading', { level: 1 }).textContent()).toBe('support-questions.jsonl');
    await panel.page.close();
  });

  test('holds only the rows in sight of ten thousand, and reaches the last', async () => {
    const panel = await panelWith(sampleRun({ models: ['a', 'b'], requests: 5_000, warmup: 0 }));
    const { page } = panel;
    expect(await page.locator('.tw-count').textContent()).toBe('10,000 of 10,000 requests');
    expect(await rowsOf(page).count()).toBeLessThan(80);
    expect(await page.locator('.tw-grid-table').getAttribute('aria-rowcount')).toBe('10001');
    await scrollTable(page, 'table.scrollHeight');
    await page.getByRole('gridcell', { name: 'r10000', exact: true }).waitFor();
    expect(await rowsOf(page).last().getAttribute('aria-rowindex')).toBe('10001');
    await scrollTable(page, '120000');
    await page.getByRole('gridcell', { name: 'r05005', exact: true }).waitFor();
    expect(await rowsOf(page).count()).toBeLessThan(80);
    await page.close();
  });

  test('sorts by a column, numbers downwards first, and says so', async () => {
    const panel = await panelWith(sampleRun({ requests: 50, errorShare: 0 }));
    const { page } = panel;
    await page.getByRole('button', { name: 'E2E ms' }).click();
    const header = page.getByRole('columnheader', { name: 'E2E ms' });
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    const down = (await columnOf(page, 9)).map((text) => Number(text.replace(',', '')));
    expect(down).toEqual([...down].sort((a, b) => b - a));
    await page.getByRole('button', { name: 'E2E ms' }).click();
    expect(await header.getAttribute('aria-sort')).toBe('ascending');
    const up = (await columnOf(page, 9)).map((text) => Number(text.replace(',', '')));
    expect(up).toEqual([...up].sort((a, b) => a - b));
    expect(await page.locator('th[aria-sort$="ending"]').count()).toBe(1);
    await page.close();
  });

  test('filters by text, model, status, tier and warm-up, and tells the number', async () => {
    const panel = await panelWith(sampleRun({ requests: 60, errorShare: 0.1 }));
    const { page } = panel;
    const count = page.getByRole('status').filter({ hasText: 'requests' });
    expect(await count.textContent()).toBe('180 of 186 requests');
    await page.getByRole('textbox', { name: /Filter by prompt/ }).fill('locking');
    await expect.poll(() => count.textContent()).toBe('30 of 186 requests');
    await page.getByRole('textbox', { name: /Filter by prompt/ }).fill('');
    await expect.poll(() => count.textContent()).toBe('180 of 186 requests');
    await page.getByRole('combobox', { name: 'Model' }).click();
    await page.getByRole('option', { name: 'lab/large-400b' }).click();
    await expect.poll(() => count.textContent()).toBe('60 of 186 requests');
    await page.getByRole('combobox', { name: 'Tier' }).click();
    await page.getByRole('option', { name: 'complex' }).click();
    await expect.poll(() => count.textContent()).toBe('10 of 186 requests');
    await page.getByRole('combobox', { name: 'Tier' }).click();
    await page.getByRole('option', { name: 'All tiers' }).click();
    await page.getByRole('checkbox', { name: 'Warm-up' }).click();
    await expect.poll(() => count.textContent()).toBe('62 of 186 requests');
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'Errors' }).click();
    const states = await columnOf(page, 6);
    expect(states.length).toBeGreaterThan(0);
    for (const state of states) expect(state).toMatch(/timeout|rate-limited|server/);
    await page.close();
  });

  test('is worked with the keyboard alone: rows, details, sorting', async () => {
    const run = sampleRun({ requests: 200, errorShare: 0 });
    const { page, post, messages } = await panelWith(run);
    await page.getByRole('checkbox', { name: 'Warm-up' }).focus();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('grid');
    const current = () => page.locator('.tw-current td').first().textContent();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await current()).toBe('r00009');
    await page.keyboard.press('End');
    expect(await current()).toBe('r00606');
    expect(await page.locator('.tw-grid-table').getAttribute('aria-activedescendant')).toBe(
      await page.locator('.tw-current').getAttribute('id'),
    );
    await page.keyboard.press('PageUp');
    await page.keyboard.press('Home');
    expect(await current()).toBe('r00007');
    await page.keyboard.press('Enter');
    expect((await messages()).at(-1)).toEqual({ type: 'requestDetail', id: 'r00007' });
    await post({ type: 'detail', id: 'r00007', detail: requestDetail(run, 'r00007') });
    await page.getByRole('region', { name: 'Answer' }).waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Request r00007');
    await page.keyboard.press('Escape');
    expect(await page.getByRole('region', { name: 'Answer' }).count()).toBe(0);
    expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('grid');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('columnheader', { name: 'Tier', exact: true }).getAttribute('aria-sort')).toBe(
      'ascending',
    );
    await page.close();
  });

  test('shows an answer as text, whatever it holds', async () => {
    const answer =
      '<img src=x onerror="window.hacked=1"><svg onload="window.hacked=1"></svg>[a](javascript:alert(1)) ![p](https://evil.example/p)';
    const run = sampleRun({
      requests: 2,
      errorShare: 0,
      answer,
      prompts: ['<script>window.hacked=1</script>'],
      models: ['<b onmouseover=hack()>m</b>'],
    });
    const requested: string[] = [];
    const { page, post, messages } = await panelWith(run);
    page.on('request', (request) => requested.push(request.url()));
    await rowsOf(page).first().click();
    const { id } = (await messages()).at(-1) as { id: string };
    await post({ type: 'detail', id, detail: requestDetail(run, id) });
    expect(await page.getByRole('region', { name: 'Answer' }).textContent()).toBe(answer);
    expect(await page.getByRole('region', { name: 'Prompt' }).textContent()).toBe('<script>window.hacked=1</script>');
    expect(await page.locator('main img, main script, main b, main a').count()).toBe(0);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(requested).toEqual([]);
    await page.close();
  });

  test("shows a failed request's class and message", async () => {
    const { page } = await panelWith(sampleRun({ requests: 30, errorShare: 0.5 }));
    await page.locator('.tw-failed').first().click();
    expect(await page.locator('.tw-detail-error').textContent()).toMatch(/^(timeout|rate-limited|server) .+\./);
    await page.close();
  });

  test('asks the host for exports and for two commands', async () => {
    const { page, messages } = await panelWith(sampleRun({ requests: 3 }));
    for (const name of [
      'Export as HTML',
      'Export as Markdown',
      'Export as CSV',
      'Export as JSON',
      'Benchmark again',
      'Open the settings',
    ]) {
      await page.getByRole('button', { name }).click();
    }
    expect((await messages()).slice(1)).toEqual([
      { type: 'export', format: 'html' },
      { type: 'export', format: 'md' },
      { type: 'export', format: 'csv' },
      { type: 'export', format: 'json' },
      { type: 'command', command: 'benchmarkAgain' },
      { type: 'command', command: 'openSettings' },
    ]);
    await page.close();
  });

  test('remembers filter, sorting and the open request of its run, and forgets those of another', async () => {
    const run = sampleRun({ requests: 30, errorShare: 0 });
    const first = await panelWith(run);
    await first.page.getByRole('textbox', { name: /Filter by prompt/ }).fill('capital');
    await first.page.getByRole('button', { name: 'TTFT ms' }).click();
    await expect.poll(() => rowsOf(first.page).count()).toBe(15);
    await rowsOf(first.page).first().click();
    const shown = await columnOf(first.page, 1);
    const state = await first.page.evaluate('window.stored');
    await first.page.close();
    const again = await panelWith(run, { state });
    expect(await columnOf(again.page, 1)).toEqual(shown);
    expect(await again.page.getByRole('heading', { name: `Request ${shown[0]}` }).count()).toBe(1);
    await again.page.close();
    const other = await panelWith({ ...run, manifest: { ...run.manifest, runId: 'another' } }, { state });
    expect(await other.page.locator('.tw-count').textContent()).toBe('90 of 96 requests');
    await other.page.close();
  });

  for (const theme of Object.keys(themes) as (keyof typeof themes)[]) {
    test(`has no serious accessibility fault in ${theme}`, async () => {
      const run = sampleRun({ requests: 300, unpriced: [2], manifest: { simulated: true } });
      const panel = await panelWith(run, { theme });
      await panel.page.screenshot({ path: join(screenshots, `report-panel-${theme}.png`), fullPage: true });
      expect(await axeFindings(panel.page)).toEqual([]);
      await rowsOf(panel.page).nth(5).click();
      await panel.post({ type: 'detail', id: 'r00012', detail: requestDetail(run, 'r00012') });
      await panel.page.getByRole('region', { name: 'Prompt', exact: true }).waitFor();
      await panel.page.mouse.move(0, 0);
      await panel.page.locator('.tw-requests').screenshot({ path: join(screenshots, `report-request-${theme}.png`) });
      await openAll(panel.page);
      expect(await axeFindings(panel.page)).toEqual([]);
      await panel.page.close();
    });
  }

  const pair: ShownPair = {
    ...{ type: 'pair', number: 1, rated: 3, skipped: 1, remaining: 8 },
    prompt: 'Compare optimistic and pessimistic locking.',
    left: `<b>Optimistic</b> locking ${'is better where conflicts are rare. '.repeat(300)}The end.`,
    right: 'Pessimistic locking.',
  };

  for (const theme of Object.keys(themes) as (keyof typeof themes)[]) {
    test(`shows thumbs, blind pairs and a comparison without a serious fault in ${theme}`, async () => {
      const run = sampleRun({ requests: 12, errorShare: 0, warmup: 0 });
      const { page, post } = await panelWith(run, { theme });
      await rowsOf(page).nth(1).click();
      await post({ type: 'detail', id: 'r00002', detail: requestDetail(run, 'r00002') });
      await post({ type: 'rated', id: 'r00002', value: -1 });
      await expect
        .poll(() => page.getByRole('button', { name: 'Bad answer' }).getAttribute('aria-pressed'))
        .toBe('true');
      expect(await columnOf(page, 14).then((texts) => texts[1])).toBe('down');
      expect(await axeFindings(page)).toEqual([]);
      await page.locator('.tw-thumbs').screenshot({ path: join(screenshots, `report-thumbs-${theme}.png`) });

      await post(pair);
      await page.getByRole('heading', { name: 'Which answer is better?' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.screenshot({ path: join(screenshots, `report-blind-${theme}.png`) });

      const later = sampleRun({ requests: 12, errorShare: 0.2, models: ['small-8b', 'medium-70b', 'other'] });
      await post({ type: 'comparison', comparison: compareRuns([run, later]) });
      await page.getByRole('heading', { name: 'Comparison of runs' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.screenshot({ path: join(screenshots, `report-comparison-${theme}.png`), fullPage: true });
      await page.close();
    });
  }

  test('asks the host to keep a thumb, and for new figures a while after the last of several', async () => {
    const run = sampleRun({ requests: 5, errorShare: 0, warmup: 0 });
    const { page, post, messages } = await panelWith(run);
    await rowsOf(page).first().click();
    await post({ type: 'detail', id: 'r00001', detail: requestDetail(run, 'r00001') });
    const up = page.getByRole('button', { name: 'Good answer' });
    await up.click();
    expect((await messages()).at(-1)).toEqual({ type: 'rate', id: 'r00001', value: 1 });
    // Nothing is shown before it is kept.
    expect(await up.getAttribute('aria-pressed')).toBe('false');
    await post({ type: 'rated', id: 'r00001', value: 1 });
    await expect.poll(() => up.getAttribute('aria-pressed')).toBe('true');
    await up.click();
    expect((await messages()).at(-1)).toEqual({ type: 'rate', id: 'r00001', value: 0 });
    await post({ type: 'rated', id: 'r00001', value: 0 });
    const refreshes = async () => (await messages()).filter(({ type }) => type === 'refresh').length;
    await expect.poll(refreshes, { timeout: 10_000 }).toBe(1);
    await page.close();
  });

  test('sends one verdict for each pair, however often and whatever is pressed', async () => {
    const { page, post, messages } = await openPanel(browser, server.url);
    await post(pair);
    await page.getByText('3 pairs rated, 1 skipped, 8 left').waitFor();
    for (const key of ['Control+1', '7', 'x', 'Enter']) await page.keyboard.press(key);
    expect(await messages()).toEqual([{ type: 'ready' }]);
    for (const key of ['1', '1', '2', 't']) await page.keyboard.press(key);
    await page.getByRole('button', { name: 'B is better' }).click();
    const verdicts = async () => (await messages()).filter(({ type }) => type === 'pairVerdict');
    expect(await verdicts()).toEqual([{ type: 'pairVerdict', number: 1, verdict: 'left' }]);
    for (const [index, key] of ['a', 'B', 't', '3', 's', '0'].entries()) {
      await post({ ...pair, number: index + 2 });
      await expect
        .poll(async () => {
          await page.keyboard.press(key);
          return (await verdicts()).length;
        })
        .toBe(index + 2);
    }
    expect((await verdicts()).slice(1).map((one) => one.type === 'pairVerdict' && one.verdict)).toEqual([
      ...['left', 'right', 'tie', 'tie', 'skip', 'skip'],
    ]);
    await page.close();
  });

  test('shows the beginning of a long answer as text, all of it on demand, and answers one above the other where it is narrow', async () => {
    const { page, post } = await openPanel(browser, server.url, { width: 480 });
    await post(pair);
    const a = page.getByRole('region', { name: 'Answer A' });
    expect((await a.textContent())?.length).toBeLessThan(7_000);
    await page.getByRole('button', { name: /^Show all 1\d,\d{3} characters: Answer A$/ }).click();
    expect(await a.textContent()).toBe(pair.left);
    expect(await page.locator('main b').count()).toBe(0);
    const [left, right] = [await a.boundingBox(), await page.getByRole('region', { name: 'Answer B' }).boundingBox()];
    expect(right!.y).toBeGreaterThan(left!.y + left!.height - 1);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(480);
    await page.screenshot({ path: join(screenshots, 'report-blind-narrow.png') });
    await page.close();
  });

  test('exports a comparison, and remembers which runs it is of', async () => {
    const { page, post, messages } = await openPanel(browser, server.url);
    const hostile = sampleRun({ requests: 12, manifest: { title: '<img src=x onerror=alert(1)>', runId: 'second' } });
    await post({ type: 'comparison', comparison: compareRuns([sampleRun({ requests: 12 }), hostile]) });
    for (const name of ['HTML', 'Markdown', 'JSON'])
      await page.getByRole('button', { name: `Export as ${name}` }).click();
    expect((await messages()).slice(1)).toEqual([
      { type: 'export', format: 'html' },
      { type: 'export', format: 'md' },
      { type: 'export', format: 'json' },
    ]);
    expect(await page.evaluate('window.stored')).toEqual({ compared: ['20261123-093000-lab', 'second'] });
    expect(await page.locator('main img').count()).toBe(0);
    await page.close();
  });

  test('fits a narrow editor without scrolling sideways', async () => {
    const { page } = await panelWith(sampleRun({ requests: 100 }), { width: 520 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(520);
    await rowsOf(page).nth(2).click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(520);
    await page.screenshot({ path: join(screenshots, 'report-panel-narrow.png'), fullPage: true });
    await page.close();
  });
});

describe('the exported page', () => {
  async function openExport(
    run: Run,
    options: Parameters<Browser['newPage']>[0] = {},
  ): Promise<{ page: Page; requests: string[] }> {
    const file = join(out, 'report-export.html');
    await writeFile(file, toHtml(buildReport(run)));
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => requests.push(error.message));
    page.on('console', (message) => requests.push(message.text()));
    await page.goto(pathToFileURL(file).href);
    return { page, requests };
  }

  const looks = {
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    'forced-colors': { colorScheme: 'dark', forcedColors: 'active' },
  } as const;
  for (const [look, options] of Object.entries(looks)) {
    test(`has no serious accessibility fault in ${look} and asks for nothing but itself`, async () => {
      const { page, requests } = await openExport(
        sampleRun({ requests: 90, unpriced: [2], manifest: { simulated: true } }),
        options,
      );
      await page.screenshot({ path: join(screenshots, `report-export-${look}.png`), fullPage: true });
      expect(requests.slice(1)).toEqual([]);
      await openAll(page);
      expect(await axeFindings(page)).toEqual([]);
      await page.close();
    });
  }

  test('shows all of ten thousand requests when they are opened', async () => {
    const { page } = await openExport(sampleRun({ models: ['a', 'b'], requests: 5_000, warmup: 0 }));
    expect(await page.locator('.tw-chunk tbody tr').count()).toBe(10_000);
    await page.getByText('Every request, warm-up included').click();
    await page.locator('.tw-chunk').last().scrollIntoViewIfNeeded();
    expect(await page.getByText('r10000', { exact: true }).isVisible()).toBe(true);
    await page.close();
  });

  test('prints in dark ink on white, whatever the screen shows', async () => {
    const { page } = await openExport(sampleRun({ requests: 20 }), { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.close();
  });

  test('draws fourteen models and long names without breaking its width', async () => {
    const models = Array.from(
      { length: 14 },
      (_, index) => `provider/a-rather-long-model-name-with-version-2026-11-${index + 1}-instruct`,
    );
    const { page } = await openExport(sampleRun({ models, requests: 40, unpriced: [3, 8] }));
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1280);
    await page.screenshot({ path: join(screenshots, 'report-export-many-models.png'), fullPage: true });
    await page.close();
  });
});
