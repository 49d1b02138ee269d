import { formatUsd } from '../core/catalog/cost.ts';
import type { Readiness, WorkspaceEndpoint } from '../engine/databricks/serving.ts';
import { label, sourceWords } from './labels.ts';

/** `chat · scaled to zero · $0.50 in, $1.50 out /1M`: what a list says of a serving endpoint. */
export function servingWords(endpoint: WorkspaceEndpoint): string {
  return [
    taskWords[endpoint.task],
    ...(endpoint.kind === 'gateway' ? ['AI gateway'] : []),
    stateWords(endpoint),
    priceWords(endpoint),
  ].join(' · ');
}

const taskWords: Record<WorkspaceEndpoint['task'], string> = {
  chat: 'chat',
  completions: 'completions',
  embeddings: 'embeddings',
  pyfunc: 'custom model',
  agent: 'agent',
  unknown: 'task unknown',
};

/** An endpoint that sleeps is ready, and yet not like one that answers at once. */
export function stateWords({ readiness, scaledToZero }: WorkspaceEndpoint): Readiness | 'scaled to zero' {
  return scaledToZero && readiness === 'ready' ? 'scaled to zero' : readiness;
}

function priceWords({ prices }: WorkspaceEndpoint): string {
  if (!prices) return 'price unknown';
  const { inputUsd, outputUsd } = prices;
  if (inputUsd === undefined) return outputUsd === undefined ? 'price unknown' : `${formatUsd(outputUsd)} out /1M`;
  return outputUsd === undefined
    ? `${formatUsd(inputUsd)} in /1M`
    : `${formatUsd(inputUsd)} in, ${formatUsd(outputUsd)} out /1M`;
}

/** All that is known of it, line by line. Texts of the workspace are made plain. */
export function servingTooltip(endpoint: WorkspaceEndpoint): string {
  const { name, displayName, kind, task, entities, capabilities, apiTypes, prices, notes, mayScaleToZero } = endpoint;
  const lines = [
    label(displayName === undefined || displayName === name ? name : `${displayName} (${name})`),
    `${kindWords[kind]}, ${taskWords[task]}, ${stateWords(endpoint)}`,
    ...entities.map((entity) => {
      const version = entity.version === undefined ? '' : `, version ${label(entity.version)}`;
      const traffic = entity.traffic === undefined ? '' : `, ${entity.traffic} % of requests`;
      const asleep = entity.scaledToZero ? ', scaled to zero' : '';
      return `Serves ${label(entity.entity ?? entity.name)}${version}${traffic}${asleep}`;
    }),
    prices
      ? `Price in USD: ${priceWords(endpoint)}, ${sourceWords({ value: 0, provenance: prices.source, asOf: prices.asOf })}`
      : 'Price unknown',
    ...(capabilities.length > 0 ? [`Capabilities: ${capabilities.map((text) => label(text)).join(', ')}`] : []),
    ...(apiTypes.length > 0 ? [`Interfaces: ${apiTypes.map((text) => label(text)).join(', ')}`] : []),
    ...(mayScaleToZero ? ['Sleeps when nobody asks: the first request then waits for it to wake.'] : []),
    ...notes.map((text) => label(text)),
  ];
  return lines.join('\n');
}

const kindWords: Record<WorkspaceEndpoint['kind'], string> = {
  foundation: 'Foundation model',
  external: 'External model',
  custom: 'Own model',
  agent: 'Agent',
  gateway: 'Model service of the AI gateway',
};
