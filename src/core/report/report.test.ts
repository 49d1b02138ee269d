import { expect, test } from 'vitest';
import { evaluatedRun, searchedRun, sweptRun } from '../../../test/sample-loads.ts';
import { sampleRun } from '../../../test/sample-run.ts';
import { summarise } from '../benchmark/summarise.ts';
import { p999Words } from './columns.ts';
import { toCsv } from './csv.ts';
import { requestDetail } from './detail.ts';
import { reportParts } from './formats.ts';
import { toHtml } from './html.ts';
import { toJson } from './json.ts';
import { toMarkdown } from './markdown.ts';
import { allTokensWords, requestCostWords } from './request-words.ts';
import { toTextTable } from './table.ts';
import { buildReport, reportViewSchema } from './view.ts';

// Goldens are written anew by `vitest run --project unit src/core/report -u`; look at the difference before you commit it.
const small = () =>
  sampleRun({ models: ['small-8b', 'large-400b'], requests: 9, warmup: 1, errorShare: 0.2, unpriced: [1] });

test('the HTML report is as agreed', async () => {
  await expect(toHtml(buildReport(small()))).toMatchFileSnapshot('golden/report.html.golden');
});

test('the Markdown report is as agreed', async () => {
  await expect(toMarkdown(buildReport(small()))).toMatchFileSnapshot('golden/report.md.golden');
});

test('the CSV export is as agreed', async () => {
  await expect(toCsv(small())).toMatchFileSnapshot('golden/report.csv.golden');
});

test('the terminal table is as agreed', async () => {
  await expect(toTextTable(buildReport(small()))).toMatchFileSnapshot('golden/report.txt.golden');
});

test('a view is plain JSON and passes its own schema', () => {
  const view = buildReport(small());
  const copy = JSON.parse(JSON.stringify(view)) as unknown;
  expect(reportViewSchema.parse(copy)).toEqual(copy);
  expect(reportViewSchema.safeParse({ ...view, models: 'none' }).success).toBe(false);
});

test('the JSON export holds the run as it was stored', () => {
  const run = small();
  expect(JSON.parse(toJson(run))).toEqual(JSON.parse(JSON.stringify({ schema: 1, ...run, outcomes: [] })));
});

test('an unknown cost is written as unknown and never as zero', () => {
  const run = sampleRun({ models: ['a', 'b'], unpriced: [0, 1], requests: 12 });
  const view = buildReport(run);
  expect(view.totals.knownUsd).toBeUndefined();
  expect(view.charts.compromise.every((point) => point.per1kUsd === undefined)).toBe(true);
  for (const text of [toHtml(view), toMarkdown(view), toTextTable(view)]) {
    expect(text).toContain('unknown');
    expect(text).not.toMatch(/\$0(?![.\d])/);
  }
  const [head, first] = toCsv(run)
    .split('\r\n')
    .map((line) => line.split(','));
  expect(first![head!.indexOf('cost_usd')]).toBe('');
  expect(first![head!.indexOf('cost_known')]).toBe('false');
});

test('a price of zero is a cost of zero, not an unknown one', () => {
  const run = sampleRun({ models: ['free'], requests: 5, errorShare: 0 });
  const records = run.records.map((record) => ({ ...record, costUsd: 0 }));
  const [model] = run.summary.models;
  const summary = { ...run.summary, models: [{ ...model!, cost: { knownUsd: 0, perRequestUsd: 0, unknown: 0 } }] };
  const view = buildReport({ ...run, records, summary });
  expect(toTextTable(view)).toMatch(/\$0 +\$0\n/);
  expect(toHtml(view)).not.toContain('Cost against latency');
  expect(toHtml(buildReport(run))).toContain('Cost against latency');
});

test('a sum with an unknown part is shown as a lower bound', () => {
  const view = buildReport(sampleRun({ models: ['priced', 'unpriced'], unpriced: [1], requests: 10, errorShare: 0 }));
  expect(toTextTable(view)).toMatch(/cost ≥ \$[\d.]+ \(\d+ requests of unknown cost\)/);
});

test('a run without one success has a report that says so and draws nothing', () => {
  const run = sampleRun({ models: ['down'], requests: 4, warmup: 0, errorShare: 1_000 });
  const view = buildReport(run);
  expect(view.totals.ok).toBe(0);
  expect(view.charts.ttft).toBeUndefined();
  const html = toHtml(view);
  expect(html).toContain('there is nothing to draw');
  expect(html).not.toMatch(/NaN|Infinity|undefined/);
  expect(toMarkdown(view)).not.toMatch(/NaN|Infinity|undefined/);
  expect(toTextTable(view)).toContain('4 (100%)');
});

test('a run whose every success needed a retry does not say that nothing succeeded', () => {
  const run = sampleRun({ models: ['busy'], requests: 3, warmup: 0, errorShare: 0 });
  const records = run.records.map((record) => {
    const { times } = record;
    const refused = { times: { sent: 1, headers: 4, end: 5 }, status: 429 };
    return { ...record, times: refused.times, attempts: [refused, { times, status: 200, waitedMs: 900 }] };
  });
  const summary = summarise(run.manifest, run.prompts, records);
  const view = buildReport({ ...run, records, summary });
  expect(view.totals.ok).toBe(3);
  expect(view.charts.e2e).toBeUndefined();
  const html = toHtml(view);
  expect(html).not.toContain('No measured request succeeded');
  expect(html).toContain('Every request that succeeded needed a retry');
});

test('an interrupted run without any record has a report', () => {
  const run = sampleRun({ models: ['a'], requests: 0, warmup: 0, manifest: { state: 'running' } });
  const view = buildReport(run);
  expect(view.stateWords).toBe('Running or interrupted');
  expect(toHtml(view)).toContain('No request was stored.');
  expect(toCsv(run).trim().split('\r\n')).toHaveLength(1);
  expect(toTextTable(view)).not.toMatch(/NaN|undefined/);
});

test('one model and fourteen models both have charts with a row for each', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `model-${index + 1}`);
  for (const count of [1, 14]) {
    const html = toHtml(buildReport(sampleRun({ models: names(count), requests: 8 })));
    const chart = html.slice(html.indexOf('id="tw-e2e-t"'), html.indexOf('</svg>', html.indexOf('id="tw-e2e-t"')));
    expect(chart.match(/class="tw-area"/g)).toHaveLength(count);
    expect(html).not.toMatch(/NaN|Infinity/);
  }
});

test('answers that were not streamed have neither a time to first token nor its chart', () => {
  const run = sampleRun({ requests: 6 });
  const manifest = { ...run.manifest, plan: { ...run.manifest.plan, stream: false } };
  const summary = {
    ...run.summary,
    models: run.summary.models.map((model) => ({ ...model, ttftMs: undefined, ttfvMs: undefined })),
  };
  const view = buildReport({ ...run, manifest, summary });
  expect(view.charts.ttft).toBeUndefined();
  expect(view.charts.e2e).toBeDefined();
  expect(view.requests.every((request) => request.ttftMs === undefined)).toBe(true);
});

test('every format of a simulated run says that it is simulated', () => {
  const run = sampleRun({ requests: 4, manifest: { simulated: true } });
  const view = buildReport(run);
  for (const text of [toHtml(view), toMarkdown(view), toTextTable(view)]) expect(text).toContain('Simulated.');
  expect(toCsv(run)).toContain(',true\r\n');
  expect(JSON.parse(toJson(run)).manifest.simulated).toBe(true);
  expect(toHtml(buildReport(sampleRun({ requests: 4 })))).not.toContain('Simulated.');
});

test('definitions are printed in every format that a person reads', () => {
  const view = buildReport(small());
  for (const text of [toHtml(view), toMarkdown(view), toTextTable(view)])
    expect(text).toContain('Time to first token (TTFT)');
});

test('warm-up requests are listed but in no chart', () => {
  const view = buildReport(sampleRun({ models: ['a'], requests: 10, warmup: 5, errorShare: 0 }));
  expect(view.requests).toHaveLength(15);
  expect(view.charts.e2e?.series[0]?.n).toBe(10);
  expect(view.tiers.reduce((sum, row) => sum + row.requests, 0)).toBe(10);
});

test('ten thousand requests are all in the page, in tables that a browser can skip', () => {
  const view = buildReport(sampleRun({ models: ['a', 'b'], requests: 5_000, warmup: 0 }));
  const html = toHtml(view);
  expect(view.requests).toHaveLength(10_000);
  expect(html.match(/<tr><td>/g)).toHaveLength(10_000);
  expect(html.match(/class="tw-chunk"/g)).toHaveLength(40);
  expect(html).toContain('<details class="tw-requests"><summary>');
});

test('a record of a prompt or model that the run does not have is left out and counted', () => {
  const run = sampleRun({ models: ['a'], requests: 4 });
  const stray = { ...run.records[0]!, id: 'stray', promptId: 'nowhere' };
  const view = buildReport({ ...run, records: [...run.records, stray] });
  expect(view.requests.some((request) => request.id === 'stray')).toBe(false);
  expect(view.warnings.join(' ')).toContain('1 stored request names');
});

test('what figures do not say of themselves stands in the notes: retries, cold starts, cached input, the model that answered', () => {
  const run = sampleRun({ models: ['a'], requests: 20, errorShare: 0 });
  const [model] = run.summary.models;
  const summary = {
    ...run.summary,
    models: [
      {
        ...model!,
        counts: { ...model!.counts, retried: 3, firstAttemptFailed: 4 },
        coldStarts: [
          { ms: 41_200, ok: true },
          { ms: 600_000, ok: false },
        ],
        cost: { ...model!.cost, cachedAtInputPrice: true },
        servedAs: [{ model: 'a-2026-01-01', count: 20 }],
      },
    ],
  };
  const notes = buildReport({ ...run, summary }).notes.join('\n');
  expect(notes).toContain('lab/a woke in 41.2 s');
  expect(notes).toContain('lab/a did not wake within 10 min 0 s');
  expect(notes).toContain('3 requests needed a retry');
  expect(notes).toContain('20% of the first attempts failed');
  expect(notes).toContain('so the cost is an upper bound');
  expect(notes).toContain('answered as a-2026-01-01 (20)');
});

test('a request that took several attempts has no times in the table, and all of them in its detail', () => {
  const run = sampleRun({ models: ['a'], requests: 10, warmup: 0, errorShare: 0 });
  const [first, ...rest] = run.records;
  const { times } = first!;
  const refused = { times: { sent: 1, headers: 4, end: 5 }, status: 429 };
  const retried = {
    ...first!,
    times: refused.times,
    attempts: [refused, { times, status: 200, waitedMs: 900, timeout: { ms: 10_000, basis: 'complexity' as const } }],
    tokens: { ...first!.tokens!, cachedInput: 5, reasoning: 7 },
    costAtLeast: true,
  };
  const view = buildReport({ ...run, records: [retried, ...rest] });
  const row = view.requests[0]!;
  expect([row.ttftMs, row.e2eMs, row.tpotMs]).toEqual([undefined, undefined, undefined]);
  expect(view.charts.e2e?.series[0]?.n).toBe(9);
  expect(requestCostWords(row)).toMatch(/^≥ \$0\.0/);
  expect(allTokensWords(row)).toMatch(
    /in, of which 5 from the cache, \d+ out, of which 7 reasoning \(the server's count\)$/,
  );
  expect(requestDetail({ ...run, records: [retried, ...rest] }, retried.id)?.attempts[1]).toMatchObject({
    waitedMs: 900,
    timeout: { ms: 10_000, basis: 'complexity' },
  });
});

test('a run with everything in it has a view that passes its schema, and no writer stumbles', () => {
  for (const run of [evaluatedRun(), sweptRun(), sweptRun([1, 4, 16], 'closed'), searchedRun()]) {
    const view = buildReport(run);
    const copy = JSON.parse(JSON.stringify(view)) as unknown;
    expect(reportViewSchema.parse(copy)).toEqual(copy);
    for (const format of ['html', 'md', 'csv', 'json', 'text', 'otel'] as const) {
      const text = [...reportParts(format, run)].join('');
      expect(text.match(/.{20}(?:NaN|Infinity|undefined|\[object).{20}/)?.[0], format).toBeUndefined();
    }
  }
});

test('the conclusion comes before the tables, and what is not valid before all', () => {
  const run = evaluatedRun();
  const html = toHtml(buildReport({ ...run, summary: { ...run.summary, invalid: 'The clock was late.' } }));
  const places = ['Not valid:', 'Instrument error', 'id="tw-verdict"', 'id="tw-summary"', 'id="tw-charts"'].map(
    (part) => html.indexOf(part),
  );
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

test('a sweep is drawn against its load with the limit, a search by what it tried', () => {
  const swept = toHtml(buildReport(sweptRun([1, 4, 16], 'closed')));
  for (const caption of ['Throughput against latency', 'TTFT against load', 'Goodput against load'])
    expect(swept).toContain(caption);
  expect(swept).toContain('limit 500 ms');
  const searched = buildReport(searchedRun());
  const html = toHtml(searched);
  expect(html.match(/class="tw-hollow"/g)).toHaveLength(3);
  expect(html).toContain('up to 11.3 requests/s. At 16.0/s it failed.');
  expect(html).not.toContain('id="tw-verdict"');
  expect(toMarkdown(searched)).toContain('## Capacity');
});

test('by the clock the latency in chart and table counts from the schedule, so that a queue shows', () => {
  const run = sweptRun();
  const stages = run.summary.stages!.map((stage) => ({
    ...stage,
    summaries: stage.summaries.map((model) => ({
      ...model,
      e2eFromScheduleMs: { ...model.e2eMs!, p50: 76_543, p95: 98_765 },
    })),
  }));
  const view = buildReport({ ...run, summary: { ...run.summary, stages } });
  const html = toHtml(view);
  expect(html).toContain('E2E from schedule against load');
  expect(html).not.toContain('TTFT against load');
  for (const text of [html, toMarkdown(view)]) expect(text).toContain('76,543');
  expect(html.match(/98,765/g)!.length).toBeGreaterThan(2 * stages.length);
});

test('an evaluated run shows undecided checks, answers that speak to their judge, and the parts of its cost', () => {
  const view = buildReport(evaluatedRun());
  expect(view.evaluation!.undecided).toEqual([{ what: 'check "max-tokens"', why: 'Right and short.', count: 4 }]);
  expect(view.evaluation!.suspiciousCount).toBe(3);
  const html = toHtml(view);
  expect(html).toContain('Answers that speak to their judge');
  expect(html).toContain('from the bundled list, 2026-11-01');
  expect(view.requests.some(({ suspicious }) => suspicious)).toBe(true);
  expect(view.requests.filter(({ rating }) => rating).length).toBeGreaterThan(10);
});

test('p99.9 is shown only of values enough, and said of too few', () => {
  const run = sampleRun({ models: ['long'], requests: 1_200, warmup: 0, errorShare: 0 });
  expect(toHtml(buildReport(run))).toContain('>p99.9<');
  const some = [...run.records].filter((_, index) => index < 900);
  const summary = summarise(run.manifest, run.prompts, some);
  expect(toHtml(buildReport({ ...run, records: some, summary }))).not.toContain(
    '>p99.9</th><th scope="col" class="tw-edge">',
  );
  expect(p999Words(summary.models[0]!.e2eMs)).toBe('n too small');
});

test('a large run lists some of its requests and says so; tables, charts and CSV are of all', () => {
  const run = sampleRun({ models: ['a'], requests: 12_000, warmup: 0, errorShare: 0 });
  // Readable once more each time, and never at hand as a whole.
  const records = { [Symbol.iterator]: () => run.records[Symbol.iterator]() };
  const view = buildReport({ ...run, records });
  expect(view.requests).toHaveLength(10_000);
  expect(view.listed).toMatchObject({ count: 12_000 });
  expect(view.charts.e2e!.series[0]!.n).toBe(12_000);
  expect(toHtml(view)).toContain(
    'Of 12,000 requests the first 5,000 and the slowest 5,000 of the others are listed here',
  );
  expect(
    toCsv({ ...run, records })
      .trimEnd()
      .split('\r\n'),
  ).toHaveLength(12_001);
});
