import { formatUsd } from '../catalog/cost.ts';
import { counted, grouped, UNKNOWN } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import type { ComparedRun } from './compared-values.ts';
import type { Load, Stage } from './load.ts';
import type { Plan, PlannedModel } from './plan.ts';

/** A side's text for one line of the plan; undefined: nothing to say. */
type Line = readonly [what: string, words: (run: ComparedRun) => string | undefined];

const lines: readonly Line[] = [
  ['Load', ({ manifest }) => loadWords(manifest.plan)],
  ['Most in flight', ({ manifest }) => grouped(manifest.plan.concurrency)],
  ['Requests per model', ({ manifest }) => grouped(manifest.plan.requests)],
  ['Warm-up per model', ({ manifest }) => grouped(manifest.plan.warmup)],
  ['Most output tokens', ({ manifest }) => grouped(manifest.plan.maxTokens)],
  [
    'Temperature',
    ({ manifest }) =>
      manifest.plan.temperature === undefined ? "the server's own" : String(manifest.plan.temperature),
  ],
  ['Answers', ({ manifest }) => (manifest.plan.stream ? 'streamed' : 'not streamed')],
  [
    'Time-out',
    ({ manifest }) =>
      `${manifest.plan.adaptiveTimeout ? 'adaptive, at most ' : ''}${grouped(manifest.plan.timeoutMs)} ms`,
  ],
  ['Retries', ({ manifest }) => grouped(manifest.plan.maxRetries ?? 0)],
  ['SLO', ({ manifest }) => sloWords(manifest.plan)],
  ['Judge', ({ manifest }) => judgeWords(manifest.plan)],
  ['Seed', ({ manifest }) => String(manifest.plan.seed)],
  ['Tierwise', ({ manifest }) => manifest.versions.tierwise],
  ['Node', ({ manifest }) => manifest.versions.node],
  [
    'Machine',
    ({ manifest: { machine } }) =>
      `${machine.platform} ${machine.arch}, ${grouped(machine.cpus)} × ${machine.cpuModel}`,
  ],
  ['Simulated', ({ manifest }) => (manifest.simulated ? 'yes' : 'no')],
];

/** What is not the same in the plans, prompts and places of two runs, one sentence each. `label` begins each of them. */
export function planChanges(before: ComparedRun, after: ComparedRun, label = ''): string[] {
  const changes = lines.flatMap(([what, words]) => change(what, words(before), words(after)));
  changes.push(...promptChanges(before, after), ...endpointChanges(before, after), ...priceChanges(before, after));
  return changes.map((words) => `${label}${words}`);
}

function change(what: string, from: string | undefined, to: string | undefined): string[] {
  if (from === to) return [];
  return [`${what}: ${plainText(from ?? 'none', 200)} before, ${plainText(to ?? 'none', 200)} after.`];
}

function promptChanges(before: ComparedRun, after: ComparedRun): string[] {
  const first = new Map(before.prompts.map((prompt) => [prompt.id, prompt]));
  let [same, changed, checks] = [0, 0, 0];
  for (const prompt of after.prompts) {
    const other = first.get(prompt.id);
    if (other?.text === prompt.text) same++;
    else if (other) changed++;
    if (other && JSON.stringify([other.checks, other.reference]) !== JSON.stringify([prompt.checks, prompt.reference]))
      checks++;
  }
  const lost = before.prompts.length - same - changed;
  const added = after.prompts.length - same - changed;
  const parts = [
    changed > 0 ? `${counted(changed, 'has', 'have')} another text` : '',
    lost > 0 ? `${counted(lost, 'is', 'are')} gone` : '',
    added > 0 ? `${counted(added, 'is', 'are')} new` : '',
  ].filter((part) => part !== '');
  return [
    ...(parts.length > 0
      ? [`Prompts: ${parts.join(', ')}; only the ${counted(same, 'prompt')} with the same id and text are compared.`]
      : []),
    ...(checks > 0
      ? [`Checks or references of ${counted(checks, 'prompt')} are not the same: quality is not measured alike.`]
      : []),
  ];
}

function endpointChanges(before: ComparedRun, after: ComparedRun): string[] {
  const first = new Map(before.manifest.plan.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  return after.manifest.plan.endpoints.flatMap(({ id, baseUrl, protocol }) => {
    const other = first.get(id);
    if (!other) return [];
    const name = plainText(id, 80);
    return [
      ...change(`Address of ${name}`, withoutUser(other.baseUrl), withoutUser(baseUrl)),
      ...change(`Protocol of ${name}`, other.protocol, protocol),
    ];
  });
}

function priceChanges(before: ComparedRun, after: ComparedRun): string[] {
  const first = new Map(before.manifest.plan.models.map((model) => [`${model.endpoint}/${model.model}`, model]));
  return after.manifest.plan.models.flatMap((model) => {
    const name = `${model.endpoint}/${model.model}`;
    const other = first.get(name);
    return other ? change(`Price of ${plainText(name, 80)}`, priceWords(other), priceWords(model)) : [];
  });
}

function priceWords(model: PlannedModel): string {
  const { inputPrice, outputPrice, cachedInputPrice, cacheWritePrice, reasoningPrice } = model;
  const price = (value: number | undefined) => (value === undefined ? UNKNOWN : formatUsd(value));
  return [
    `input ${price(inputPrice)}`,
    `output ${price(outputPrice)}`,
    ...(cachedInputPrice === undefined ? [] : [`cached ${price(cachedInputPrice)}`]),
    ...(cacheWritePrice === undefined ? [] : [`cache write ${price(cacheWritePrice)}`]),
    ...(reasoningPrice === undefined ? [] : [`reasoning ${price(reasoningPrice)}`]),
  ].join(', ');
}

function sloWords({ slo }: Plan): string | undefined {
  if (!slo) return undefined;
  const limits = { TTFT: slo.ttftMs, TPOT: slo.tpotMs, E2E: slo.e2eMs };
  const parts = Object.entries(limits).flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${grouped(ms)} ms`]));
  return parts.length > 0 ? parts.join(', ') : undefined;
}

function judgeWords({ evaluation }: Plan): string | undefined {
  const judge = evaluation?.judge;
  if (!judge) return undefined;
  const { model, rubric, scale, repeats } = judge;
  return `${model.endpoint}/${model.model}, ${counted(repeats, 'time')} each, scale to ${scale}, rubric "${plainText(rubric, 80)}"`;
}

/** How requests meet the endpoints, in a few words. */
export function loadWords({ load, concurrency }: Pick<Plan, 'load' | 'concurrency'>): string {
  if (!load) return `${grouped(concurrency)} in flight`;
  switch (load.pattern) {
    case 'steady':
      return stageWords(load.load);
    case 'trace':
      return `a trace of ${counted(load.offsetsMs.length, 'request')}`;
    case 'sweep':
      return `a sweep of ${load.stages.map(stageWords).join('; ')}`;
    case 'search':
      return searchWords(load);
  }
}

function searchWords({
  fromPerSecond,
  toPerSecond,
  goodShare,
  trialSeconds,
}: Extract<Load, { pattern: 'search' }>): string {
  const trials = trialSeconds === undefined ? '' : `, at least ${trialSeconds} s a trial`;
  return `a search from ${fromPerSecond} to ${toPerSecond} requests/s for ${goodShare * 100} % good${trials}`;
}

/** A stage's load: `8 in flight`, `Poisson arrivals at 5 requests/s`. */
export function stageWords(load: Stage['load']): string {
  switch (load.kind) {
    case 'closed':
      return `${grouped(load.concurrency)} in flight`;
    case 'open': {
      const to = load.toPerSecond === undefined ? '' : ` to ${load.toPerSecond}`;
      return `${load.arrivals === 'poisson' ? 'Poisson' : 'even'} arrivals at ${load.perSecond}${to} requests/s`;
    }
    case 'trace':
      return 'a trace';
  }
}

/** No user or password is shown, should one have been stored with an address. */
function withoutUser(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
