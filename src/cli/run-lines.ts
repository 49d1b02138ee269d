import { aligned } from '../core/report/aligned.ts';
import { figure, NONE, percent } from '../core/report/format.ts';
import { capacityWords } from '../core/report/sections-stages.ts';
import { byTheClock } from '../core/report/stage-rows.ts';
import type { ReportView } from '../core/report/view.ts';

/** What the table of a run leaves out: its stages, the capacity that a search found, the instrument's own error. */
export function runLines(view: ReportView): string[] {
  return [...stageLines(view), ...capacityWords(view), ...view.calibration];
}

function stageLines({ stages, models }: ReportView): string[] {
  if (stages.length === 0) return [];
  const clock = byTheClock(stages);
  const latency = ['TTFT p50', 'p95', 'E2E p50', 'p95', ...(clock ? ['from schedule p50', 'p95'] : [])];
  const head = ['stage', 'load', 'model', 'n', 'errors', ...latency, 'good', 'good/s', 'req/s'];
  const rows = stages.flatMap(({ load, models: measured }, index) =>
    measured.map((one) => [
      `${index + 1}`,
      load,
      models[one.model]?.name ?? '',
      `${one.requests}`,
      `${one.error}`,
      figure(one.ttftP50, NONE),
      figure(one.ttftP95, NONE),
      figure(one.e2eP50, NONE),
      figure(one.e2eP95, NONE),
      ...(clock ? [figure(one.fromScheduleP50, NONE), figure(one.fromScheduleP95, NONE)] : []),
      percent(one.goodShare),
      figure(one.goodPerSecond, NONE),
      figure(one.requestsPerSecond, NONE),
    ]),
  );
  const align = head.map((_, column) => (column === 1 || column === 2 ? 'left' : 'right'));
  return [...aligned([head, ...rows], align), ''];
}
