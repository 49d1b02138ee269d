import type { Manifest } from '../benchmark/manifest.ts';
import type { Evaluation, PlannedEndpoint, PlannedModel } from '../benchmark/plan.ts';
import type { ModelSummary } from '../benchmark/summary.ts';
import { formatUsd } from '../catalog/cost.ts';
import { counted, grouped, UNKNOWN } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import { fewestValues } from '../stats/quantiles.ts';
import { duration, figure, instant, percent } from './format.ts';
import { priceWords } from './model-row.ts';
import type { Run } from './run.ts';
import { sloWords, stageLoadWords } from './stage-rows.ts';
import { safeName } from './text.ts';
import type { ReportView } from './view.ts';

/** How to read a report: the few sentences that keep a person from wrong conclusions. */
export const READING: readonly string[] = [
  'Compare models by p50 for the usual case and by p95 or p99 for the slow one; a mean hides both.',
  `p95 of fewer than ${fewestValues.p95} requests and p99 of fewer than ${fewestValues.p99} rest on single values.`,
  'Latency figures are of requests that succeeded at their first attempt; read them together with the share of errors.',
  'A difference between two models is told from chance by the verdict: prompts are compared one by one; a look at two medians is no test.',
  'A cost is unknown when a price or a token count is; a sum with an unknown part says so, and is a lower bound.',
];

/** How the run stands, for a person. */
export function stateWords(manifest: Manifest): string {
  switch (manifest.state) {
    case 'complete':
      return 'Complete';
    case 'running':
      return 'Running or interrupted';
    case 'cancelled':
      return 'Cancelled';
    case 'stopped':
      return STOPPED[manifest.stopReason ?? 'failure'];
  }
}

const STOPPED = {
  'cost-ceiling': 'Stopped at the cost ceiling',
  'token-ceiling': 'Stopped at the token ceiling',
  'time-limit': 'Stopped at the time limit',
  disk: 'Stopped: the disk failed',
  endpoint: 'Stopped: an endpoint never answered',
  failure: 'Stopped by a failure',
} as const;

/** Neutral remarks on how the figures came about. */
export function notesOf(run: Run): string[] {
  const { manifest, summary } = run;
  const notes: string[] = [];
  if (manifest.stopMessage !== undefined) notes.push(plainText(manifest.stopMessage, 400));
  if (manifest.resumed > 0) notes.push(`The run was taken up again ${counted(manifest.resumed, 'time')}.`);
  if (summary.totals.warmup > 0) {
    notes.push(`${counted(summary.totals.warmup, 'warm-up request')} ran first; only the total cost includes them.`);
  }
  for (const model of summary.models) notes.push(...modelNotes(model));
  if (manifest.unrecordedUsd !== undefined && manifest.unrecordedUsd > 0) {
    notes.push(`Requests lost at an interruption may have cost up to ${formatUsd(manifest.unrecordedUsd)} more.`);
  }
  if (!manifest.plan.keepAnswers) notes.push('Answers were not stored.');
  return notes;
}

/** What one model's figures do not say of themselves. */
function modelNotes({
  endpoint,
  model,
  counts,
  coldStarts = [],
  connections,
  cost,
  servedAs = [],
}: ModelSummary): string[] {
  const name = safeName(`${endpoint}/${model}`);
  const notes = coldStarts.map(({ ms, ok }) =>
    ok
      ? `${name} woke in ${duration(ms)}; that request is in no other figure than the total cost.`
      : `${name} did not wake within ${duration(ms)}.`,
  );
  if (counts.retried !== undefined && counts.firstAttemptFailed !== undefined) {
    notes.push(
      `${name}: ${counted(counts.retried, 'request')} needed a retry. Latency figures are of first attempts that succeeded; ${percent(counts.firstAttemptFailed / counts.requests)} of the first attempts failed.`,
    );
  }
  if (connections) {
    const parts = [
      ['name lookup', connections.dnsMs],
      ['TCP', connections.tcpMs],
      ['TLS', connections.tlsMs],
    ] as const;
    const took = parts.flatMap(([part, ms]) => (ms ? [`${part} ${figure(ms.p50)} ms`] : []));
    notes.push(
      `${name} opened ${counted(connections.opened, 'connection')} while it was measured${took.length > 0 ? ` (${took.join(', ')}, p50)` : ''}; that time is in no latency.`,
    );
  }
  if (cost.cachedAtInputPrice) {
    notes.push(`${name} has no price for cached input: it counts at the input price, so the cost is an upper bound.`);
  }
  if (servedAs.length > 0) {
    const names = servedAs.slice(0, 3).map((served) => `${safeName(served.model)} (${grouped(served.count)})`);
    notes.push(`${name} answered as ${names.join(', ')}${servedAs.length > 3 ? ' and others' : ''}.`);
  }
  return notes;
}

/** How requests met the endpoints. */
function loadWords({ load, concurrency }: Manifest['plan']): string {
  switch (load?.pattern) {
    case undefined:
      return concurrency === 1 ? 'one after the other' : 'a fixed number in flight';
    case 'steady':
      return stageLoadWords(load.load);
    case 'trace':
      return `recorded trace of ${counted(load.offsetsMs.length, 'arrival')}`;
    case 'sweep':
      return `sweep: ${load.stages.map(stageLoadWords).join('; ')}`;
    case 'search':
      return `search from ${figure(load.fromPerSecond)} to ${figure(load.toPerSecond)} requests/s for the highest at which ${percent(load.goodShare)} are good`;
  }
}

/** Of a search; absent: its trials are no longer than their requests. */
function trialSeconds({ load }: Manifest['plan']): number | undefined {
  return load?.pattern === 'search' ? load.trialSeconds : undefined;
}

/** Where there are more at a high rate. */
function atLeast(time: number | undefined): string {
  return time === undefined ? '' : 'at least ';
}

/** What was run, with what and where: the manifest in words. */
export function factsOf(run: Run): ReportView['facts'] {
  const { manifest } = run;
  const { plan, machine, versions, lag } = manifest;
  const ceiling = manifest.maxCostUsd ?? plan.maxCostUsd;
  const group = (name: string, items: readonly (readonly [string, string | undefined])[]) => ({
    group: name,
    items: items.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value: plainText(value, 400) }])),
  });
  return [
    group('Run', [
      ['Run', manifest.runId],
      ['State', stateWords(manifest)],
      ['Started', instant(manifest.startedAt)],
      ['Measured time', duration(manifest.durationMs)],
      ['Configuration', `SHA-256 ${manifest.configHash.slice(0, 16)}…`],
    ]),
    group('Load', [
      ['Prompts', grouped(run.prompts.length)],
      ['Pattern', loadWords(plan)],
      [
        `Requests per model${plan.load?.pattern === 'sweep' || plan.load?.pattern === 'search' ? ' and stage' : ''}`,
        `${atLeast(trialSeconds(plan))}${grouped(plan.requests)}, after ${atLeast(plan.warmupMs)}${grouped(plan.warmup)} for warm-up`,
      ],
      [plan.load === undefined ? 'In flight at once' : 'Most in flight at once', grouped(plan.concurrency)],
      ['A good request', plan.slo && sloWords(plan.slo)],
      ['Most output tokens', grouped(plan.maxTokens)],
      ['Temperature', plan.temperature === undefined ? "the server's own" : String(plan.temperature)],
      ['Answers', plan.stream ? 'streamed' : 'not streamed'],
      [
        'Time-out of a request',
        plan.adaptiveTimeout
          ? `by complexity and recent answers, at most ${duration(plan.timeoutMs)}`
          : duration(plan.timeoutMs),
      ],
      ['Retries of a request', plan.maxRetries ? `at most ${grouped(plan.maxRetries)}` : undefined],
      ['Time limit', plan.timeLimitMs === undefined ? 'none' : duration(plan.timeLimitMs)],
      ['Cost ceiling', ceiling === undefined ? 'none' : formatUsd(ceiling)],
      ['Token ceiling', plan.maxTotalTokens === undefined ? undefined : grouped(plan.maxTotalTokens)],
      ['Seed', String(plan.seed)],
    ]),
    group(
      'Endpoints',
      plan.endpoints.map((endpoint) => [safeName(endpoint.id), endpointWords(endpoint)] as const),
    ),
    group(
      'Prices (USD per million tokens)',
      plan.models.map(
        (model) =>
          [
            safeName(`${model.endpoint}/${model.model}`),
            [
              `input ${price(model.inputPrice)}`,
              ...(model.cachedInputPrice === undefined ? [] : [`cached input ${price(model.cachedInputPrice)}`]),
              ...(model.cacheWritePrice === undefined ? [] : [`cache write ${price(model.cacheWritePrice)}`]),
              `output ${price(model.outputPrice)}`,
              ...(model.reasoningPrice === undefined ? [] : [`reasoning ${price(model.reasoningPrice)}`]),
              ...(model.priceSource === undefined ? [] : [priceWords(model)]),
            ].join(', '),
          ] as const,
      ),
    ),
    ...evaluationGroup(plan.evaluation, group),
    group('Machine', [
      ['System', `${machine.platform} ${machine.arch}`],
      ['Processor', `${grouped(machine.cpus)} × ${machine.cpuModel}`],
      ['Memory', `${grouped(machine.memoryMb)} MB`],
      ['Event-loop lag', lag && `p50 ${figure(lag.p50)} ms, p99 ${figure(lag.p99)} ms, max ${figure(lag.max)} ms`],
      ['Versions', `Tierwise ${versions.tierwise}, Node ${versions.node}, undici ${versions.undici}`],
    ]),
  ];
}

type Group = (name: string, items: readonly (readonly [string, string | undefined])[]) => ReportView['facts'][number];

function evaluationGroup(evaluation: Evaluation | undefined, group: Group): ReportView['facts'] {
  if (!evaluation) return [];
  const { judge, embedding } = evaluation;
  const name = ({ endpoint, model }: PlannedModel) => safeName(`${endpoint}/${model}`);
  return [
    group('Evaluation', [
      ['Judge', judge && name(judge.model)],
      ['Rubric', judge?.rubric],
      ['Scores', judge && `1 to ${grouped(judge.scale)}`],
      ['Repeats', judge && grouped(judge.repeats)],
      ['Pairs of answers', judge?.pairs ? 'judged in both orders' : undefined],
      ['Embeddings', embedding && name(embedding)],
    ]),
  ];
}

function endpointWords({ protocol, baseUrl, concurrency }: PlannedEndpoint): string {
  return [
    ...(protocol === 'vscode-lm' ? ["VS Code's own models: its queues and limits are in the times"] : [protocol]),
    ...(baseUrl === '' ? [] : [withoutUser(baseUrl)]),
    ...(concurrency === undefined ? [] : [`at most ${grouped(concurrency)} in flight`]),
  ].join(', ');
}

function price(value: number | undefined): string {
  return value === undefined ? UNKNOWN : formatUsd(value);
}

/** A base URL never shows a user or password, should one have been stored. */
function withoutUser(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
