import { figure, percent } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import type { ReportView } from '../view.ts';
import { at, axis, tickText } from './axis.ts';
import { shortName } from './labels.ts';
import { seriesClass } from './series.ts';

const WIDTH = 640;
const LEFT = 190;
const RIGHT = 100;
const ROW = 34;
const AXIS = 38;

interface Trial {
  readonly model: number;
  readonly rate: number;
  readonly held: boolean;
}

/** The rates that a search tried: full where the limits held, hollow and crossed where they did not, a bar at the capacity. */
export function trialsChart(id: string, view: ReportView): Markup | undefined {
  const trials = trialsOf(view);
  if (trials.length === 0) return undefined;
  const rates = trials.map(({ rate }) => rate);
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  const x = axis([low, high > low ? high : low * 2], { range: [LEFT + 10, WIDTH - RIGHT - 10], log: true, gap: 40 });
  const models = [...new Set(trials.map(({ model }) => model))].sort((a, b) => a - b);
  const bottom = models.length * ROW + 4;
  const words = models
    .map((model) => {
      const own = trials.filter((trial) => trial.model === model);
      return `${view.models[model]?.name ?? ''}: ${own.map(({ rate, held }) => `${figure(rate)} ${held ? 'held' : 'failed'}`).join(', ')}.`;
    })
    .join(' ');
  return markup`<svg class="tw-chart" viewBox="0 0 ${WIDTH} ${bottom + AXIS}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">Rates that were tried</title><desc id="${id}-d">${words}</desc>${x.ticks.map(
    (tick) =>
      markup`<line class="tw-grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="4" y2="${bottom}"/><text class="tw-tick" x="${at(x(tick))}" y="${bottom + 15}" text-anchor="middle">${tickText(tick)}</text>`,
  )}<text class="tw-axis" x="${WIDTH - RIGHT}" y="${bottom + 32}" text-anchor="end">Requests per second, logarithmic</text>${models.map(
    (model, row) => {
      const y = 4 + row * ROW + ROW / 2;
      const own = trials.filter((trial) => trial.model === model);
      const found = view.capacity?.find((one) => one.model === model)?.perSecond;
      return markup`<g class="${seriesClass(model)}"><text class="tw-name" x="4" y="${at(y + 4)}">${shortName(view.models[model]?.name ?? '', 26)}</text><line class="tw-grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y)}" y2="${at(y)}"/>${found !== undefined && markup`<path class="tw-mark" d="M${at(x(found))},${at(y - 13)} v26"/>`}${own.map(
        ({ rate, held }) =>
          held
            ? markup`<circle class="tw-marker" cx="${at(x(rate))}" cy="${at(y)}" r="5"/>`
            : markup`<circle class="tw-hollow" cx="${at(x(rate))}" cy="${at(y)}" r="5"/><path class="tw-whisker" d="M${at(x(rate) - 3)},${at(y - 3)} l6,6 m0,-6 l-6,6"/>`,
      )}<text class="tw-values" x="${WIDTH - 4}" y="${at(y + 4)}" text-anchor="end">${found === undefined ? 'at no rate' : `${figure(found)}/s`}</text></g>`;
    },
  )}</svg>`;
}

/** What each trial asked and whether the limits held. */
function trialsOf({ stages }: ReportView): Trial[] {
  return stages.flatMap(({ level, held, models }) =>
    level === undefined || held === undefined ? [] : models.map(({ model }) => ({ model, rate: level, held })),
  );
}

/** The numbers behind the picture. */
export function trialsTable(view: ReportView): Markup {
  const rows = view.stages.flatMap((stage) => stage.models.map((one) => ({ stage, one })));
  return markup`<table class="tw-table"><caption>Rates that were tried</caption><thead><tr><th scope="col">Model</th><th scope="col">Requests/s</th><th scope="col">Good</th><th scope="col">Limits</th></tr></thead><tbody>${rows.map(
    ({ stage, one }) =>
      markup`<tr><th scope="row">${view.models[one.model]?.name}</th><td>${figure(stage.level)}</td><td>${percent(one.goodShare)}</td><td>${stage.held === undefined ? 'not finished' : stage.held ? 'held' : 'failed'}</td></tr>`,
  )}</tbody></table>`;
}
