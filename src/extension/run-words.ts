import type { Manifest } from '../core/benchmark/manifest.ts';
import { loadWords } from '../core/benchmark/plan-changes.ts';
import { modelRef } from '../core/catalog/lookup.ts';
import { counted } from '../core/numbers.ts';
import { stageLoadWords } from '../core/report/stage-rows.ts';
import type { Progress } from '../protocol/measure.ts';
import { formatCount, label } from './labels.ts';
import type { RunFacts } from './run-facts.ts';

/** `stage 2 of 5 at 4 in flight · 12 of 60 · 3.1/s · 15 s to go · 2 errors · $0.0012`. */
export function progressWords(progress: Progress | undefined): string {
  if (!progress) return 'starting';
  const { phase, stage, done, total, errors, requestsPerSecond, etaMs, costUsd } = progress;
  if (phase === 'calibrating') return 'measuring the instrument’s own error';
  const words: string[] = [];
  if (phase === 'warming') words.push('warming up');
  if (phase === 'evaluating') words.push('judging');
  if (stage) words.push(stageWords(stage));
  words.push(`${formatCount(done)} of ${formatCount(total)}`, `${requestsPerSecond.toFixed(1)}/s`);
  if (etaMs !== undefined) words.push(`${durationWords(etaMs)} to go`);
  if (errors > 0) words.push(errors === 1 ? '1 error' : `${formatCount(errors)} errors`);
  if (costUsd !== undefined) words.push(`$${costUsd.toPrecision(2)}`);
  return words.join(' · ');
}

function stageWords({ number, of, load }: NonNullable<Progress['stage']>): string {
  return `stage ${number}${of === undefined ? '' : ` of ${of}`} at ${stageLoadWords(load)}`;
}

function durationWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  return seconds < 6_000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** What a list says of a run beside its state: `not valid`, `2 of 3 gates failed`, `quality 0.72 to 0.91`. */
export function factWords({ invalid, quality, gates }: RunFacts): string[] {
  const scores = quality.map(({ score }) => score.toFixed(2)).toSorted();
  const [least, most] = [scores[0], scores.at(-1)];
  const failed = gates.filter(({ passed }) => !passed).length;
  return [
    ...(invalid === undefined ? [] : ['not valid']),
    ...(failed > 0 ? [`${failed} of ${counted(gates.length, 'gate')} failed`] : []),
    ...(gates.length > 0 && failed === 0 ? [`${counted(gates.length, 'gate')} passed`] : []),
    ...(least === undefined ? [] : [`quality ${least === most ? least : `${least} to ${most}`}`]),
  ];
}

/** All that is to be known of a run before its report is opened, one line each. */
export function tooltipLines({ title, plan, startedAt, stopMessage }: Manifest, facts: RunFacts | undefined): string[] {
  const { invalid, quality = [], capacity = [], gates = [], gateProblems = [] } = facts ?? {};
  const name = (model: string) => label(model, 120);
  return [
    label(title),
    plan.models.map(({ endpoint, model }) => name(modelRef(endpoint, model))).join(', '),
    new Date(startedAt).toLocaleString(),
    ...(plan.load ? [`Load: ${label(loadWords(plan), 300)}`] : []),
    ...(stopMessage === undefined ? [] : [label(stopMessage, 300)]),
    ...(invalid === undefined ? [] : [`Not valid: ${label(invalid, 300)}`]),
    ...(quality.length === 0
      ? []
      : [`Quality: ${quality.map(({ model, score }) => `${name(model)} ${score.toFixed(2)}`).join(', ')}`]),
    ...capacity.map(({ model, perSecond }) =>
      perSecond === undefined
        ? `${name(model)} kept the SLO at none of the rates that were tried`
        : `${name(model)} kept the SLO up to ${Number(perSecond.toPrecision(3))} requests/s`,
    ),
    ...gates.map(({ gate, model, passed, why }) => {
      const of = model === undefined ? '' : `${name(model)}: `;
      return `${passed ? '✓' : '✗'} ${label(gate, 120)}: ${of}${label(why, 300)}`;
    }),
    ...gateProblems.map((problem) => label(problem, 300)),
  ];
}
