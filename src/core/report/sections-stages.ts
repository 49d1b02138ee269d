import { grouped } from '../numbers.ts';
import { type Line, lineChart } from './charts/lines.ts';
import { swatch } from './charts/series.ts';
import { trialsChart, trialsTable } from './charts/trials.ts';
import { figure, NONE, percent } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { figureOf, plainTable } from './section-parts.ts';
import { byTheClock, type StageRow, sloWords } from './stage-rows.ts';
import type { ReportView } from './view.ts';

type StageModel = StageRow['models'][number];

/** What each model did in each stage of the load, and what a search found; nothing for a run of one load. */
export function stagesSection(view: ReportView): Markup | undefined {
  if (view.stages.length === 0) return undefined;
  const searched = view.goodShare !== undefined;
  const charts = searched ? searchCharts(view) : sweepCharts(view);
  return markup`<section aria-labelledby="tw-stages"><h2 id="tw-stages">${searched ? 'Capacity' : 'Load, stage by stage'}</h2>${capacityWords(view).map((words) => markup`<p class="tw-conclusion"><strong>${words}</strong></p>`)}${
    charts.length > 0 && markup`<div class="tw-charts">${charts}</div>`
  }${stagesTable(view)}</section>`;
}

/** What a search found, a sentence a model. */
export function capacityWords({ capacity = [], models, slo, goodShare }: ReportView): string[] {
  const limits = `${slo ? `${sloWords(slo)} ` : ''}for ${percent(goodShare)} of the requests`;
  return capacity.map(({ model, perSecond, failedAt }) => {
    const name = models[model]?.name ?? '';
    const above = failedAt === undefined ? ' No rate that was tried failed.' : ` At ${figure(failedAt)}/s it failed.`;
    return perSecond === undefined
      ? `${name} held the limits (${limits}) at no rate that was tried.${failedAt === undefined ? '' : above}`
      : `${name} holds the limits (${limits}) up to ${figure(perSecond)} requests/s.${above}`;
  });
}

function searchCharts(view: ReportView): Markup[] {
  const chart = trialsChart('tw-trials', view);
  if (!chart) return [];
  const legend = markup`<p class="tw-legend"><span>full: held</span><span>crossed: failed</span><span>bar: highest that held</span></p>`;
  return [figureOf('Rates that were tried', chart, legend, trialsTable(view))];
}

function sweepCharts(view: ReportView): Markup[] {
  const { slo } = view;
  const kinds = new Set(view.stages.map(({ kind }) => kind));
  const level = kinds.has('closed') ? 'Requests in flight' : 'Requests per second asked for';
  const levels = kinds.size === 1 && view.stages.every((stage) => stage.level !== undefined);
  const streamed = view.stages.some(({ models }) => models.some(({ ttftP50 }) => ttftP50 !== undefined));
  const clock = byTheClock(view.stages);
  const whole = clock ? 'E2E from schedule' : 'E2E';
  const wholeP50 = (model: StageModel) => (clock ? model.fromScheduleP50 : model.e2eP50);
  const wholeP95 = (model: StageModel) => (clock ? model.fromScheduleP95 : model.e2eP95);
  // The first token has no time from schedule, and from sending it would be flat however long requests wait.
  const first = streamed && !clock;
  return [
    drawn(view, 'tw-sweep-throughput', {
      caption: 'Throughput against latency: nearer to the lower right is better',
      x: 'Output tokens per second',
      y: `${whole} p50 in ms, with p95 dashed`,
      solid: (_, model) => pair(model.outputTokensPerSecond, wholeP50(model)),
      dashed: (_, model) => pair(model.outputTokensPerSecond, wholeP95(model)),
      sorted: false,
      limit: slo?.e2eMs,
    }),
    levels &&
      drawn(view, 'tw-sweep-latency', {
        caption: `${first ? 'TTFT' : whole} against load`,
        x: level,
        y: `${first ? 'TTFT' : whole} p50 in ms, with p95 dashed`,
        solid: (stage, model) => pair(stage.level, first ? model.ttftP50 : wholeP50(model)),
        dashed: (stage, model) => pair(stage.level, first ? model.ttftP95 : wholeP95(model)),
        sorted: true,
        limit: first ? slo?.ttftMs : slo?.e2eMs,
      }),
    levels &&
      slo !== undefined &&
      drawn(view, 'tw-sweep-good', {
        caption: 'Goodput against load',
        x: level,
        y: 'Good requests per second',
        solid: (stage, model) => pair(stage.level, model.goodPerSecond),
        sorted: true,
        diagonal: !kinds.has('closed'),
        linear: true,
      }),
  ].filter((part) => part !== undefined && part !== false);
}

interface Sweep {
  readonly caption: string;
  readonly x: string;
  readonly y: string;
  readonly solid: (stage: StageRow, model: StageModel) => Point | undefined;
  readonly dashed?: (stage: StageRow, model: StageModel) => Point | undefined;
  /** False: points are joined in the order of the stages. */
  readonly sorted: boolean;
  readonly limit?: number | undefined;
  readonly diagonal?: boolean;
  /** True: both axes begin at 0. */
  readonly linear?: boolean;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function drawn(view: ReportView, id: string, sweep: Sweep): Markup | undefined {
  const lines = view.models.flatMap(({ name }, model): Line[] => {
    const points = (of: Sweep['solid']) => {
      const found = view.stages.flatMap((stage) => {
        const own = stage.models.find((one) => one.model === model);
        const point = own && of(stage, own);
        return point ? [point] : [];
      });
      return sweep.sorted ? found.sort((a, b) => a.x - b.x) : found;
    };
    return [
      { model, dashed: false, name, points: points(sweep.solid) },
      ...(sweep.dashed ? [{ model, dashed: true, name: `${name}, p95`, points: points(sweep.dashed) }] : []),
    ];
  });
  const { caption, x, y, limit, diagonal, linear } = sweep;
  const chart = lineChart(id, {
    title: caption,
    x,
    y,
    lines,
    limit: limit === undefined ? undefined : { y: limit, label: `limit ${figure(limit)} ms` },
    diagonal,
    linear,
  });
  if (!chart) return undefined;
  const legend = markup`<p class="tw-legend">${view.models.map((row, model) => markup`<span>${swatch(model)}<bdi>${row.name}</bdi></span>`)}${diagonal && markup`<span>thin line: all that was asked for</span>`}</p>`;
  const rows = lines.flatMap((one) =>
    one.points.map((point): [string, ...string[]] => [one.name, figure(point.x), figure(point.y)]),
  );
  return figureOf(caption, chart, legend, plainTable(caption, ['Model', x, y], rows));
}

function pair(x: number | undefined, y: number | undefined): Point | undefined {
  return x === undefined || y === undefined ? undefined : { x, y };
}

type StageColumn = readonly [label: string, text: (model: StageModel) => string];

/** Columns of the stages, the same in HTML and Markdown. */
export function stageColumns({ slo, stages }: ReportView): StageColumn[] {
  const columns: StageColumn[] = [
    ['Requests', ({ requests }) => grouped(requests)],
    ['Errors', ({ requests, error }) => (requests > 0 ? percent(error / requests) : NONE)],
    ['Requests/s', ({ requestsPerSecond }) => figure(requestsPerSecond, NONE)],
    ['Output tokens/s', ({ outputTokensPerSecond }) => figure(outputTokensPerSecond, NONE)],
    ['TTFT p50 (ms)', ({ ttftP50 }) => figure(ttftP50, NONE)],
    ['TTFT p95', ({ ttftP95 }) => figure(ttftP95, NONE)],
    ['E2E p50 (ms)', ({ e2eP50 }) => figure(e2eP50, NONE)],
    ['E2E p95', ({ e2eP95 }) => figure(e2eP95, NONE)],
  ];
  if (byTheClock(stages)) {
    columns.push(['From schedule p50', ({ fromScheduleP50 }) => figure(fromScheduleP50, NONE)]);
    columns.push(['From schedule p95', ({ fromScheduleP95 }) => figure(fromScheduleP95, NONE)]);
  } else columns.push(['Queue p95 (ms)', ({ queueP95 }) => figure(queueP95, NONE)]);
  if (slo) {
    columns.push(['Good', ({ goodShare }) => percent(goodShare)]);
    columns.push(['Good/s', ({ goodPerSecond }) => figure(goodPerSecond, NONE)]);
  }
  return columns;
}

function stagesTable(view: ReportView): Markup {
  const columns = stageColumns(view);
  const rows = view.stages.flatMap((stage, index) =>
    stage.models.map((model): [string, ...string[]] => [
      `${index + 1}: ${stage.load}`,
      view.models[model.model]?.name ?? '',
      ...columns.map(([, text]) => text(model)),
    ]),
  );
  return plainTable('Stages of the load', ['Stage', 'Model', ...columns.map(([label]) => label)], rows, [1]);
}
