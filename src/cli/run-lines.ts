import { calibrationWords } from '../core/benchmark/calibration.ts';
import { verdictOf } from '../core/benchmark/compare-models.ts';
import type { ModelSummary, Summary } from '../core/benchmark/summary.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { aligned } from '../core/report/aligned.ts';
import { figure, NONE, percent } from '../core/report/format.ts';
import type { Run } from '../core/report/view.ts';
import { stageWords } from './plan-words.ts';

/** What the table of a run leaves out: stages, the capacity that a search found, what the models differ in, the instrument's own error. */
export function runLines(run: Run): string[] {
  const { manifest, summary } = run;
  const { calibration } = manifest;
  return [
    ...stageLines(summary),
    ...capacityLines(summary),
    ...verdictLines(run),
    ...(calibration ? calibrationWords(calibration) : []),
  ];
}

/** What each pair of models differs in, the conclusion first. */
function verdictLines(run: Run): string[] {
  const { comparisons } = verdictOf(run);
  const words = comparisons.flatMap((comparison) => comparison.words);
  return words.length === 0 ? [] : [...new Set(words), ''];
}

function stageLines({ stages }: Summary): string[] {
  if (stages === undefined) return [];
  const head = [
    'stage',
    'load',
    'model',
    'n',
    'errors',
    'TTFT p50',
    'p95',
    'E2E p50',
    'p95',
    'good',
    'good/s',
    'req/s',
  ];
  const rows = stages.flatMap(({ load, models, summaries }, index) =>
    models.map((at, position) => {
      const of = summaries[position];
      return [`${index + 1}`, stageWords(load), ...(of === undefined ? [`model ${at + 1}`] : cells(of))];
    }),
  );
  const align = head.map((_, column) => (column === 1 || column === 2 ? 'left' : 'right'));
  return [...aligned([head, ...rows], align), ''];
}

function cells({ endpoint, model, counts, ttftMs, e2eMs, good, requestsPerSecond }: ModelSummary): string[] {
  return [
    plainText(`${endpoint}/${model}`, 60),
    `${counts.requests}`,
    `${counts.error}`,
    figure(ttftMs?.p50, NONE),
    figure(ttftMs?.p95, NONE),
    figure(e2eMs?.p50, NONE),
    figure(e2eMs?.p95, NONE),
    percent(good?.share),
    figure(good?.perSecond, NONE),
    figure(requestsPerSecond, NONE),
  ];
}

function capacityLines({ capacity, models }: Summary): string[] {
  if (capacity === undefined) return [];
  return capacity.map(({ model: at, perSecond, failedAt }) => {
    const model = models[at];
    const name = model === undefined ? `model ${at + 1}` : plainText(`${model.endpoint}/${model.model}`, 100);
    const failed = failedAt === undefined ? '' : `, and no longer at ${figure(failedAt)}/s`;
    return perSecond === undefined
      ? `Capacity of ${name}: it held the SLO at no rate that was tried${failedAt === undefined ? '' : `, down to ${figure(failedAt)}/s`}.`
      : `Capacity of ${name}: it held the SLO at ${figure(perSecond)} requests/s${failed}.`;
  });
}
