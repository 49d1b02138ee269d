// A person rates answers: thumbs, and blind pairs to the end, in a real VS Code; and runs too large to hold.
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, outcomeKey } from '../../src/core/quality/outcome.ts';
import type { Run } from '../../src/core/report/run.ts';
import { lockRun } from '../../src/engine/benchmark/lock.ts';
import { outcomeLines, readOutcomes } from '../../src/engine/benchmark/outcomes.ts';
import { evaluatedRun, searchedRun, sweptRun } from '../sample-loads.ts';
import { sampleRun } from '../sample-run.ts';
import { storeRun } from '../stored-run.ts';
import { type ColorTheme, type Editor, openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';
import { axeFindings } from './report-page.ts';
import { shownText } from './shown-text.ts';
import { until } from './until.ts';
import { makeWorkspace } from './workspace.ts';

/** The component library sets an empty `style` attribute once; the policy refuses it, and nothing is lost. */
const HARMLESS = /Applying inline style.*sha256-47DEQpj8HBSa/;
const HOSTILE =
  '<img src=x onerror="window.hacked=1"><svg onload="window.hacked=1"></svg>[a](command:tierwise.deleteRun)';
const models = ['small-8b', 'large-400b'];

let editor: Editor;
let runs: string;
let workspace: Awaited<ReturnType<typeof makeWorkspace>>;

/** A small run whose answers tell only to us which model wrote them, and a large one. */
function ratedRun(): Run {
  const prompts = Array.from({ length: 12 }, (_, index) => `Question ${index + 1}: which of these is right?`);
  const run = sampleRun({ models, prompts, requests: 12, warmup: 0, errorShare: 0 });
  const records = run.records.map((record, index) => ({
    ...record,
    answer: `${record.model === 'large-400b' ? 'Well said' : 'Badly said'}, ${index}. ${HOSTILE}${index === 1 ? ' and so on'.repeat(1_500) : ''}`,
  }));
  return { ...run, records };
}

const titled = (run: Run, title: string): Run => ({
  ...run,
  manifest: { ...run.manifest, title, runId: `20261124-080000-${title.replace(/\W+/g, '-')}` },
});

beforeAll(async () => {
  workspace = await makeWorkspace();
  editor = await openEditor({ vsixPath: await packageExtension(), folder: workspace.folder });
  runs = join(editor.profile, 'data', 'User', 'globalStorage', 'tierwise.tierwise', 'runs');
  storeRun(join(runs, 'rated'), titled(ratedRun(), 'to rate'));
  storeRun(join(runs, 'evaluated'), titled(evaluatedRun(), 'evaluated'));
  storeRun(join(runs, 'swept'), titled(sweptRun(), 'swept'));
  storeRun(join(runs, 'searched'), titled(searchedRun(), 'searched'));
  storeRun(join(runs, 'large'), titled(sampleRun({ models, requests: 50_000, warmup: 0 }), 'large'));
  await editor.openView('Tierwise');
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await editor?.screenshot(`failed-${task.name.slice(0, 40).replace(/\W+/g, '-')}`);
});
afterAll(async () => {
  await editor?.close();
  await workspace?.remove();
});

const treeRow = (text: string | RegExp): Locator =>
  editor.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();
const frameWith = (heading: string) =>
  editor.webview(async (frame) => (await frame.locator('h1').allTextContents()).join().includes(heading));

async function openReport(title: string): Promise<Frame> {
  await editor.runCommand('View: Close All Editors');
  await treeRow(title).click();
  const frame = await frameWith(title);
  await frame.locator('.tw-grid-table').waitFor();
  return frame;
}

const kept = (): Outcome[] => readOutcomes(join(runs, 'rated'));
const rows = (frame: Frame) => frame.locator('.tw-grid-table tbody tr:not(.tw-spacer)');
const pressed = (frame: Frame, name: string) =>
  frame.getByRole('button', { name, exact: true }).getAttribute('aria-pressed');
const thumbIn = (frame: Frame, row: number) => rows(frame).nth(row).locator('td').last().textContent();

describe('thumbs', () => {
  it('are given and taken back with the mouse, and shown at once', async () => {
    const frame = await openReport('to rate');
    await rows(frame).first().click();
    await frame.getByRole('button', { name: 'Good answer' }).click();
    await until('the thumb', async () => (await pressed(frame, 'Good answer')) === 'true');
    expect(await pressed(frame, 'Bad answer')).toBe('false');
    expect(await thumbIn(frame, 0)).toBe('up');
    expect(kept()).toMatchObject([{ kind: 'rating', value: 1 }]);

    await frame.getByRole('button', { name: 'Bad answer' }).click();
    await until('the other thumb', async () => (await pressed(frame, 'Bad answer')) === 'true');
    expect(await pressed(frame, 'Good answer')).toBe('false');
    await frame.getByRole('button', { name: 'Bad answer' }).click();
    await until('no thumb', async () => (await pressed(frame, 'Bad answer')) === 'false');
    expect(kept()).toMatchObject([{ kind: 'rating', value: 0 }]);
    expect([...outcomeLines(join(runs, 'rated'))].map((one) => one.kind === 'rating' && one.value)).toEqual([1, -1, 0]);
  });

  it('are given with the keyboard alone, which keeps its place while the figures are made anew', async () => {
    const frame = await frameWith('to rate');
    await rows(frame).nth(2).click();
    await frame.getByRole('region', { name: 'Answer', exact: true }).focus();
    await editor.page.keyboard.press('Tab');
    const focused = () => frame.evaluate<string>('document.activeElement.textContent');
    expect(await focused()).toBe('Good answer');
    await editor.page.keyboard.press('Enter');
    await until('the thumb', async () => (await pressed(frame, 'Good answer')) === 'true');
    await editor.page.keyboard.press('Tab');
    // The summary tells of it without being asked.
    const table = frame.getByRole('table', { name: 'Quality and satisfaction by model' });
    await table.waitFor();
    expect(await shownText(table)).toMatch(/Thumbs/);
    expect(await focused()).toBe('Bad answer');
    expect(await frame.getByRole('group', { name: 'Rate this answer' }).getByRole('status').textContent()).toBe(
      'Kept.',
    );
    expect(await axeFindings(frame)).toEqual([]);
    await editor.screenshot('rating-thumb-dark');
  });

  it('stay when the report is opened again', async () => {
    const frame = await openReport('to rate');
    expect(await thumbIn(frame, 2)).toBe('up');
    await rows(frame).nth(2).click();
    await until('the thumb', async () => (await pressed(frame, 'Good answer')) === 'true');
  });

  it('stay when the window is loaded anew, and so does the report', async () => {
    await editor.runCommand('Developer: Reload Window');
    const frame = await frameWith('to rate');
    await rows(frame).first().waitFor();
    expect(await thumbIn(frame, 2)).toBe('up');
    // The open request is the one from before.
    await until('the thumb', async () => (await pressed(frame, 'Good answer')) === 'true');
  });

  it('are refused in words while somebody works on the run, and nothing is shown that is not kept', async () => {
    const frame = await openReport('to rate');
    await rows(frame).nth(3).click();
    const lock = lockRun(join(runs, 'rated'));
    try {
      await frame.getByRole('button', { name: 'Good answer' }).click();
      await editor
        .notification('This run is being measured or evaluated. Rate its answers when that has ended.')
        .waitFor();
      expect(await pressed(frame, 'Good answer')).toBe('false');
    } finally {
      lock.release();
    }
    await editor.runCommand('Notifications: Clear All Notifications');
    await frame.getByRole('button', { name: 'Good answer' }).click();
    await until('the thumb', async () => (await pressed(frame, 'Good answer')) === 'true');
  });
});

describe('blind pairs', () => {
  const side = (frame: Frame, name: 'A' | 'B') => frame.getByRole('region', { name: `Answer ${name}`, exact: true });

  it('show two answers as text and nothing of who wrote them', async () => {
    const report = await openReport('to rate');
    await report.getByRole('button', { name: 'Compare answers blind' }).click();
    const frame = await frameWith('Which answer is better?');
    const text = await shownText(frame.locator('main'));
    expect(text).toMatch(/Question \d+: which of these is right\?/);
    expect(text).toMatch(/0 pairs rated, 12 left/);
    for (const model of models) expect(await frame.content()).not.toContain(model);
    expect(await side(frame, 'A').textContent()).toContain(HOSTILE);
    expect(await frame.locator('main img, main svg, main a').count()).toBe(0);
    expect(await frame.evaluate('window.hacked')).toBeUndefined();
    expect(await axeFindings(frame)).toEqual([]);
    await editor.screenshot('blind-dark');
  });

  it('are rated by mouse and keys, skipped, and kept one by one', async () => {
    const frame = await frameWith('Which answer is better?');
    const status = frame.getByRole('status');
    const next = (words: string) => until(words, async () => (await status.textContent()) === words);
    const better = async () => ((await side(frame, 'A').textContent())?.startsWith('Well said') ? 'A' : 'B');
    await frame.getByRole('button', { name: `${await better()} is better` }).click();
    await next('1 pair rated, 11 left');
    await editor.page.keyboard.press((await better()) === 'A' ? '1' : '2');
    await next('2 pairs rated, 10 left');
    await editor.page.keyboard.press((await better()).toLowerCase());
    await next('3 pairs rated, 9 left');
    await editor.page.keyboard.press('0');
    await next('3 pairs rated, 1 skipped, 8 left');
    expect(kept().filter(({ kind }) => kind === 'pair')).toHaveLength(3);
  });

  it('end at any time, go on later, and put satisfaction into the verdict', async () => {
    const blind = await frameWith('Which answer is better?');
    await blind.getByRole('button', { name: 'Show result and end here' }).click();
    let frame = await frameWith('to rate');
    await frame.getByText('3 pairs rated.').waitFor();
    expect(await shownText(frame.locator('.tw-comparison').first())).toMatch(/Satisfaction/);

    await frame.getByRole('button', { name: 'Compare answers blind' }).click();
    frame = await frameWith('Which answer is better?');
    const status = frame.getByRole('status');
    for (let left = 9; left > 0; left--) {
      await until(`${left} left`, async () => (await status.textContent())?.endsWith(`${left} left`));
      await editor.page.keyboard.press((await side(frame, 'A').textContent())?.startsWith('Well') ? '1' : '2');
    }
    frame = await frameWith('to rate');
    await frame.getByText('All pairs are rated or skipped: 12 pairs rated.').waitFor();
    expect(await frame.evaluate('document.activeElement.id')).toBe('tw-verdict');
    const verdict = frame.locator('.tw-comparison').first();
    expect(await shownText(verdict)).toMatch(/large-400b is liked better|is liked better \(1\.00/);
    const pairs = kept().filter((one) => one.kind === 'pair');
    expect(pairs).toHaveLength(12);
    expect(new Set(pairs.map(outcomeKey)).size).toBe(12);
    // The larger model was preferred each time, on whichever side it stood; it is the second of the plan.
    expect(pairs.map(({ winner, by }) => `${by} ${winner}`)).toEqual(Array(12).fill('person b'));
    await editor.screenshot('blind-result-dark');
  });

  it('have nothing left to ask when all are rated', async () => {
    const frame = await frameWith('to rate');
    await frame.getByRole('button', { name: 'Compare answers blind' }).click();
    await frame.getByText('All pairs are rated or skipped: 12 pairs rated.').waitFor();
  });
});

describe('a comparison of runs', () => {
  it('opens in a panel, is written where the person wants it, and comes back with the window', async () => {
    await editor.runCommand('View: Close All Editors');
    await editor.runCommand('Tierwise: Compare Runs');
    for (const title of ['evaluated', 'searched'])
      await editor.quickInput.row(title).locator('.monaco-checkbox, input[type=checkbox]').first().click();
    await editor.quickInput.field.press('Enter');
    let frame = await frameWith('evaluated');
    await frame.getByRole('heading', { name: 'What is not the same' }).waitFor();
    expect(await axeFindings(frame)).toEqual([]);
    await editor.screenshot('comparison-dark');

    await frame.getByRole('button', { name: 'Export as HTML' }).click();
    const field = editor.quickInput.field;
    await until('the name of the file', async () => (await field.inputValue()).endsWith('-comparison.html'));
    const file = await field.inputValue();
    await field.press('Enter');
    await editor.notification('the comparison is in').waitFor();
    expect(readFileSync(file, 'utf8')).toMatch(/^<!DOCTYPE html>[\s\S]*What is not the same/);

    await editor.runCommand('Developer: Reload Window');
    frame = await frameWith('evaluated');
    await frame.getByRole('heading', { name: 'What is not the same' }).waitFor();
  });
});

describe('a run of a hundred thousand requests', () => {
  it('opens, is rated, and shows the result when that is asked for', async () => {
    const frame = await openReport('large');
    expect(await shownText(frame.getByRole('heading', { name: /^Requests/ }))).toBe('Requests (100,000)');
    await rows(frame).first().click();
    await frame.getByRole('button', { name: 'Good answer' }).click();
    await frame.getByRole('button', { name: 'Show result in the report' }).click();
    await frame.getByRole('table', { name: 'Quality and satisfaction by model' }).waitFor();
    await frame.getByRole('button', { name: 'Compare answers blind' }).click();
    const blind = await frameWith('Which answer is better?');
    await blind.getByText('0 pairs rated, ').waitFor();
    await editor.page.keyboard.press('3');
    await blind.getByText('1 pair rated, ').waitFor();
  });
});

describe('what a run can hold, in every theme', () => {
  for (const theme of ['dark', 'light', 'highContrast', 'highContrastLight'] as const satisfies readonly ColorTheme[]) {
    it(`is shown without a fault in ${theme}`, async () => {
      if (theme !== 'dark') await editor.changeColorTheme(theme);
      await editor.page.setViewportSize({ width: 1500, height: 2600 });
      for (const title of ['evaluated', 'swept', 'searched']) {
        const frame = await openReport(title);
        expect(await axeFindings(frame)).toEqual([]);
        await editor.screenshot(`panel-${title}-${theme}`);
      }
      await editor.page.setViewportSize({ width: 1280, height: 800 });
    });
  }

  it('breaks no rule of the content policy', async () => {
    // VS Code itself complains of some things when its window is loaded anew.
    const ours = editor
      .consoleErrors()
      .filter(({ text, url }) => /content security policy|refused to/i.test(text) || /webview\.js/.test(url + text));
    expect(ours.filter(({ text }) => !HARMLESS.test(text))).toEqual([]);
    expect(existsSync(runs) && (await readdir(runs)).length).toBe(5);
  });
});
