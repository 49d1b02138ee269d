// Loads, judges, comparisons and evaluations as a person asks for them, on a simulated endpoint.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { command, lastRun, words } from './acts.ts';
import type { Answers, Asked } from './person.ts';
import { type Simulator, startSimulator } from './simulator.ts';
import { closeEditors, tierwise, until, withSetting, workspaceFolder } from './tierwise.ts';

const start = ({ offered }: Asked) => offered.find((button) => /^(Start|Evaluate)/.test(button));

/** Answers in turn, then the last for ever. */
function inTurn<T>(...answers: readonly T[]): () => T {
  let at = 0;
  return () => answers[Math.min(at++, answers.length - 1)] as T;
}

/** Starts a benchmark after changing something about it; `picks` and `texts` answer questions by a part of their words. */
function changing(
  changes: readonly string[],
  picks: Readonly<Record<string, string | readonly string[]>>,
  texts: Readonly<Record<string, string>> = {},
): Answers {
  const menu = inTurn(...changes, 'That is all');
  const button = inTurn('Change', 'Start');
  const answer = <T>(of: Readonly<Record<string, T>>, { text }: Asked): T | undefined =>
    Object.entries(of).find(([part]) => text.includes(part))?.[1];
  return {
    showQuickPick: (asked) => (asked.text.startsWith('What do you want to change') ? menu() : answer(picks, asked)),
    showInputBox: (asked) => answer(texts, asked),
    showInformationMessage: ({ offered }) => {
      const wanted = button();
      return offered.find((one) => one.startsWith(wanted));
    },
  };
}

const lines = (folder: string, name: string): any[] =>
  existsSync(join(folder, name))
    ? readFileSync(join(folder, name), 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

describe('A benchmark under a load', () => {
  let fast: Simulator;
  let endpoint: object;
  const rows = [2, 3, 4].map(
    (n) => `{"id":"q${n}","prompt":"What is ${n} * 17?","reference":"${n * 17}","checks":[{"type":"number"}]}\n`,
  );
  const file = (name: string) => join(workspaceFolder(), name);
  const uri = (name: string) => vscode.Uri.file(file(name));
  const given = new Map<string, string>([
    ['sums.jsonl', rows.join('')],
    ['plain.jsonl', rows.map((row) => row.replace(/,"reference".*/, '}')).join('')],
    ['table.csv', 'id,prompt\na,What is 2 * 3?\nb,What is 3 * 3?\n'],
    ['times.csv', 'timestamp_ms\n0\n40\n90\n100\n'],
  ]);

  before(async () => {
    fast = await startSimulator('fast', ['--speed', '50']);
    const models = [
      { id: 'small', inputPrice: 0.1, outputPrice: 0.4 },
      { id: 'large+judge', inputPrice: 3, outputPrice: 15 },
    ];
    endpoint = { ...fast.endpoint, models };
    for (const [name, text] of given) writeFileSync(file(name), text);
  });
  after(() => {
    fast.stop();
    for (const name of given.keys()) rmSync(file(name));
  });
  afterEach(closeEditors);

  /** With the endpoint, little of everything, and no calibration unless a test is about it. */
  const withEndpoint = (action: () => Promise<void>) =>
    withSetting('tierwise.endpoints', [endpoint], () =>
      withSetting('tierwise.benchmark.requests', 3, () =>
        withSetting('tierwise.benchmark.calibrate', false, () => withSetting('tierwise.benchmark.warmup', 0, action)),
      ),
    );
  const quick = { showQuickPick: () => ['fast/small'], showInformationMessage: start };
  const onSmall = { 'Choose one or more models': ['fast/small'] };

  it('sweeps over numbers in flight and lets a judge judge, when a person has said so', () =>
    withEndpoint(async () => {
      const asked = await command(
        'benchmarkDataset',
        changing(
          ['Load', 'Judge'],
          {
            ...onSmall,
            'How do requests arrive': 'Sweep over numbers in flight',
            'Which model judges': 'fast/large+judge',
          },
          { 'in flight at once, a number for each stage': '1, 3', 'What is a good answer': 'The answer is right.' },
        ),
        uri('sums.jsonl'),
      );
      const [before, after] = asked.filter(({ kind }) => kind === 'showInformationMessage');
      assert.match(before?.text ?? '', /^Send 3 requests to 1 model\?$/);
      assert.match(before?.detail ?? '', /Load: 4 in flight/);
      assert.match(after?.text ?? '', /^Send 6 requests to 1 model, and up to 6 judgements\?$/);
      assert.match(
        after?.detail ?? '',
        /each model in each of 2 stages, after 0 for warm-up[\s\S]*sweep of 1 in flight; 3 in flight/,
      );
      assert.match(
        after?.detail ?? '',
        /fast\/large\+judge then sees prompts and answers[\s\S]*“The answer is right\.”/,
      );
      assert.match(after?.detail ?? '', /Expected cost: \$[\s\S]*stops before it costs more than \$1/);
      const { folder, manifest, records } = await lastRun();
      assert.equal(manifest.state, 'complete');
      assert.deepEqual(
        manifest.stages.map(({ load }: any) => load),
        [1, 3].map((concurrency) => ({ kind: 'closed', concurrency })),
      );
      assert.equal(records.length, 6);
      const judged = lines(folder, 'outcomes.jsonl').filter(({ kind }) => kind === 'judge');
      assert.equal(judged.length, 6);
      const [row] = await (await tierwise()).testing.runRows();
      assert.match(row ?? '', /^sums\.jsonl \| complete · .*quality \d\.\d\d/);
      assert.match(row ?? '', /Load: a sweep of 1 in flight; 3 in flight\n/);
    })).timeout(120_000);

  it('is changed by nothing when a question is left, which leads back to the list', () =>
    withEndpoint(async () => {
      const answers = changing(['Load', 'SLO'], {
        ...onSmall,
        'How do requests arrive': 'Sweep over numbers in flight',
      });
      const asked = await command(
        'benchmarkDataset',
        { ...answers, showInformationMessage: inTurnOf('Change', undefined) },
        uri('sums.jsonl'),
      );
      assert.match(
        words(asked.filter(({ kind }) => kind === 'showInputBox')),
        /a number for each stage[\s\S]*Limits in ms/,
      );
      const menus = asked.filter(({ text }) => text.startsWith('What do you want'));
      assert.equal(menus.length, 3, 'after each question that was left');
      assert.ok(
        menus[2]?.offered.some((row) => row.includes('4 in flight')),
        'nothing was changed',
      );
    }));

  it('arrives by the clock, replays a trace, and finds the highest rate that keeps an SLO', () =>
    withEndpoint(async () => {
      await command(
        'benchmarkDataset',
        changing(
          ['Load', 'Requests', 'SLO'],
          { ...onSmall, 'How do requests arrive': 'Rate', 'How much is sent': 'Each prompt several times' },
          { 'Requests per second to each model': '40', 'How often is each': '2', 'Limits in ms': 'ttft 5000' },
        ),
        uri('sums.jsonl'),
      );
      const rate = (await lastRun()).manifest;
      assert.deepEqual(rate.plan.load, {
        pattern: 'steady',
        load: { kind: 'open', arrivals: 'poisson', perSecond: 40 },
      });
      assert.deepEqual([rate.plan.requests, rate.plan.concurrency, rate.plan.slo], [6, 256, { ttftMs: 5000 }]);

      await withSetting('tierwise.benchmark.requests', undefined, async () => {
        const replay = changing(['Load'], { ...onSmall, 'How do requests arrive': 'Replay a trace' });
        const picked = { showOpenDialog: () => [uri('times.csv')] };
        await command('benchmarkDataset', { ...replay, ...picked }, uri('sums.jsonl'));
      });
      const traced = await lastRun();
      assert.deepEqual(traced.manifest.plan.load, { pattern: 'trace', offsetsMs: [0, 40, 90, 100] });
      assert.equal(traced.records.length, 4);

      const asked = await command(
        'benchmarkDataset',
        changing(
          ['Load'],
          { ...onSmall, 'How do requests arrive': 'Highest rate' },
          // Trials last ten seconds with limits of up to two.
          { 'between which to search': '20 to 40', 'Limits in ms': 'e2e 2 s' },
        ),
        uri('sums.jsonl'),
      );
      assert.match(words(asked), /Send at most [\d,]+ requests/);
      const [row] = await (await tierwise()).testing.runRows();
      assert.match(row ?? '', /fast\/small kept the SLO (up to \d+|at none)/);
    })).timeout(120_000);

  it('measures the instrument’s own error first, unless the person says no', () =>
    withEndpoint(() =>
      withSetting('tierwise.benchmark.calibrate', true, async () => {
        const asked = await command('benchmarkDataset', quick, uri('sums.jsonl'));
        assert.match(words(asked), /the instrument measures its own error/);
        assert.ok((await lastRun()).manifest.calibration?.requests > 0);
      }),
    )).timeout(120_000);

  it('stops at the person’s ceiling of tokens, and asks for a higher one when it is resumed', () =>
    withEndpoint(() =>
      withSetting('tierwise.benchmark.maxTotalTokens', 800, async () => {
        const many = changing(
          ['Requests'],
          { ...onSmall, 'How much is sent': 'A number in all' },
          { 'Measured requests': '12' },
        );
        const asked = await command('benchmarkDataset', many, uri('sums.jsonl'));
        assert.match(words(asked), /stops before it costs more than \$1\S* or uses more than 800 tokens/);
        const { id, manifest } = await lastRun();
        assert.equal(manifest.stopReason, 'token-ceiling');
        const resumed = await command('resumeRun', { showInputBox: () => '100000' }, id);
        assert.match(words(resumed), /stopped at its ceiling of 800 tokens\. How many/);
        assert.equal((await lastRun()).manifest.state, 'complete');
      }),
    )).timeout(120_000);

  it('says which setting is wrong, and sends nothing', () =>
    withEndpoint(async () => {
      const wrong = async (name: string, value: unknown) => {
        let said = '';
        await withSetting(`tierwise.benchmark.${name}`, value, async () => {
          said = words(await command('benchmarkDataset', quick, uri('sums.jsonl')));
        });
        return said;
      };
      assert.match(
        await wrong('load', { rate: 2, sweep: { rate: [1] } }),
        /tierwise\.benchmark\.load: .*different loads/,
      );
      assert.match(await wrong('load', { searchRate: { from: 1, to: 5 } }), /needs to know what a good request is/);
      assert.match(await wrong('judge', { model: 'nobody', rubric: 'x' }), /no model "nobody"[\s\S]*benchmark\.judge/);
    }));

  it('reads tables and folders, and puts each prompt into a template', () =>
    withEndpoint(async () => {
      await withSetting('tierwise.benchmark.template', 'Calculate: {{prompt}}', async () => {
        const asked = await command('benchmarkDataset', quick, uri('table.csv'));
        assert.match(words(asked), /template “Calculate: \{\{prompt\}\}”/);
        const prompts = lines((await lastRun()).folder, 'prompts.jsonl');
        assert.equal(prompts[0].text, 'Calculate: What is 2 * 3?');
      });
      await command('benchmarkDataset', quick, uri('prompts'));
      const { manifest } = await lastRun();
      assert.equal(manifest.title, 'prompts');
      assert.equal(manifest.state, 'complete');
    })).timeout(120_000);

  it('is compared with another, from the selection of the view or by ticks', () =>
    withEndpoint(async () => {
      await command('benchmarkDataset', quick, uri('sums.jsonl'));
      const first = (await lastRun()).id;
      await command('benchmarkDataset', quick, uri('sums.jsonl'));
      const second = (await lastRun()).id;
      const shown = () =>
        until('a comparison', () =>
          vscode.window.tabGroups.activeTabGroup.activeTab?.label.startsWith('Comparison: sums.jsonl'),
        );
      const items = [{ runId: second }, { runId: first }];
      assert.deepEqual(await command('compareRuns', {}, items[0], items), []);
      await shown();
      await closeEditors();
      const asked = await command('compareWith', { showQuickPick: () => ['sums.jsonl'] }, { runId: first });
      assert.match(asked[0]?.text ?? '', /Compare sums\.jsonl with which runs\?/);
      await shown();
      await closeEditors();
      const one = await command('compareRuns', { showQuickPick: () => ['sums.jsonl'] });
      assert.match(words(one), /One run alone cannot be compared/);
    })).timeout(120_000);

  it('is evaluated afterwards, by checks that cost nothing and by a judge after the person has agreed', () =>
    withEndpoint(async () => {
      await command('benchmarkDataset', quick, uri('plain.jsonl'));
      const { id, folder, records } = await lastRun();
      assert.deepEqual(lines(folder, 'outcomes.jsonl'), []);

      const checked = await command(
        'evaluateRun',
        { showQuickPick: () => 'Checks of a data set', showOpenDialog: () => [uri('sums.jsonl')] },
        id,
      );
      assert.equal(
        checked.some(({ kind }) => kind === 'showInformationMessage'),
        false,
        'nothing is sent for checks',
      );
      assert.equal(lines(folder, 'outcomes.jsonl').filter(({ kind }) => kind === 'check').length, 3);

      const judge = ({ text }: Asked) => (text.startsWith('By what') ? 'A judge' : 'fast/large+judge');
      const answers = { showQuickPick: judge, showInputBox: () => 'The answer is right.' };
      const refused = await command('evaluateRun', answers, id);
      const question = refused.find(({ kind }) => kind === 'showInformationMessage');
      assert.match(question?.text ?? '', /^Ask for up to 3 judgements on plain\.jsonl\?$/);
      assert.match(
        question?.detail ?? '',
        /not sent again[\s\S]*Expected cost: \$[\s\S]*evaluation stops before it costs more than \$1/,
      );
      assert.equal(
        lines(folder, 'outcomes.jsonl').some(({ kind }) => kind === 'judge'),
        false,
        'nobody agreed',
      );

      await command('evaluateRun', { ...answers, showInformationMessage: start }, id);
      const outcomes = lines(folder, 'outcomes.jsonl');
      assert.equal(outcomes.filter(({ kind }) => kind === 'judge').length, 3);
      assert.equal(outcomes.filter(({ kind }) => kind === 'check').length, 3);
      assert.equal(lines(folder, 'records.jsonl').length, records.length, 'no prompt was sent again');
    })).timeout(120_000);

  it('shows which gates it keeps, and exports them with its metrics', () =>
    withEndpoint(async () => {
      await command('benchmarkDataset', quick, uri('sums.jsonl'));
      const { id } = await lastRun();
      const target = file('report.out');
      const exported = async (format: string) => {
        const asked = await command('exportReport', { showSaveDialog: () => vscode.Uri.file(target) }, id, format);
        if (!existsSync(target)) return words(asked);
        const text = readFileSync(target, 'utf8');
        rmSync(target);
        return text;
      };
      assert.match(await exported('junit'), /there are none\. Set tierwise\.benchmark\.gates/);
      assert.match(await exported('otel'), /gen_ai\./);
      const gates = ['error_share<=0.9', 'p50_e2e_ms<0.001', 'nonsense', 'other/model:quality>0.5'];
      await withSetting('tierwise.benchmark.gates', gates, async () => {
        const [row] = await (await tierwise()).testing.runRows();
        assert.match(row ?? '', /\| complete · (not valid · )?1 of 2 gates failed ·/);
        assert.match(row ?? '', /✓ error_share<=0\.9: [\s\S]*✗ p50_e2e_ms<0\.001: [\s\S]*tierwise\.benchmark\.gates: /);
        assert.match(await exported('junit'), /tierwise\.benchmark\.gates/);
      });
      await withSetting('tierwise.benchmark.gates', gates.slice(0, 2), async () => {
        const xml = await exported('junit');
        assert.match(xml, /^<\?xml[\s\S]*<testsuite[\s\S]*tests="2" failures="1"/);
      });
    })).timeout(120_000);
});

/** Presses the button that begins so, in turn. */
function inTurnOf(...buttons: readonly (string | undefined)[]): (asked: Asked) => string | undefined {
  const next = inTurn(...buttons);
  return ({ offered }) => {
    const wanted = next();
    return wanted === undefined ? undefined : offered.find((one) => one.startsWith(wanted));
  };
}
