import { formatUsd } from '../core/catalog/cost.ts';
import type { Figure, Model } from '../core/catalog/model.ts';
import { grouped, UNKNOWN } from '../core/numbers.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { aligned } from '../core/report/aligned.ts';
import { loadConfig } from '../engine/config/load.ts';
import { configuredModels } from '../engine/config/models.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface ModelsOptions {
  readonly config: string;
  readonly json?: true;
}

/** Prints all configured models with their prices, where these come from, context and task. Nothing is sent. */
export async function models(options: ModelsOptions, terminal: Terminal): Promise<ExitCode> {
  const found = configuredModels((await loadConfig(options.config)).endpoints);
  if (options.json === true) {
    await terminal.out(`${JSON.stringify(found.map(toJson), undefined, 2)}\n`);
    return exit.done;
  }
  if (found.length === 0) {
    terminal.note('The configuration names no model.');
    return exit.done;
  }
  const head = ['model', 'task', 'input $/M', 'output $/M', 'price from', 'context', ''];
  const align = ['left', 'left', 'right', 'right', 'left', 'right', 'left'] as const;
  await terminal.out(`${aligned([head, ...found.map(row)], align).join('\n')}\n`);
  return exit.done;
}

function row(model: Model): string[] {
  return [
    plainText(model.ref, 100),
    model.task ?? 'chat',
    formatUsd(model.inputPrice?.value),
    formatUsd(model.outputPrice?.value),
    priceSource(model.inputPrice ?? model.outputPrice),
    model.contextWindow === undefined ? UNKNOWN : grouped(model.contextWindow),
    [model.scaleToZero === true ? 'may sleep' : '', model.simulated ? 'simulated' : ''].filter(Boolean).join(', '),
  ];
}

/** `workspace, 2026-11-23`. */
function priceSource(figure: Figure | undefined): string {
  if (figure === undefined) return '';
  return figure.asOf === undefined ? figure.provenance : `${figure.provenance}, ${figure.asOf}`;
}

function toJson({ task, ...model }: Model) {
  return { ...model, task: task ?? 'chat' };
}
