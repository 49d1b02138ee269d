import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatUsdRange } from '../core/catalog/cost.ts';
import { defaultScorer, loadScorer } from '../core/complexity/scorers.ts';
import type { Prompt } from '../core/prompts/prompt.ts';
import { aligned } from '../core/report/aligned.ts';
import { toHtml } from '../core/report/html.ts';
import { buildReport, type Run } from '../core/report/view.ts';
import { formatScore, type Route, route } from '../core/routing/route.ts';
import { defaultTiers } from '../core/routing/tiers.ts';
import { planRun } from '../engine/benchmark/plan-run.ts';
import { configuredModels } from '../engine/config/models.ts';
import { readAllPrompts } from '../engine/config/read-prompts.ts';
import { simulatedEndpoint } from '../engine/config/simulated-endpoint.ts';
import { simulatedAnswer } from '../engine/simulator/answer.ts';
import { startSimulator } from '../engine/simulator/server.ts';
import type { Installation } from './commands.ts';
import { writeOutput } from './files.ts';
import { measure, noKeys, printRun } from './measure.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface DemoOptions {
  readonly out: string;
  readonly json?: true;
}

/** The simulated models answer this many times faster than they pretend to, so that the demo ends within 20 seconds. */
const SPEED = 2;

interface Advised {
  readonly prompt: Prompt;
  readonly route: Route;
}

/** The main job once, end to end: advice for each sample prompt, a benchmark of three simulated models, the report. */
export async function demo(options: DemoOptions, terminal: Terminal, installation: Installation): Promise<ExitCode> {
  const prompts = await readAllPrompts(join(installation.samples, 'prompts.jsonl'));
  const checked = await readAllPrompts(join(installation.samples, 'checked.yaml'));
  const simulator = await startSimulator({ speed: SPEED });
  const folder = await mkdtemp(join(tmpdir(), 'tierwise-demo-'));
  try {
    const endpoint = simulatedEndpoint(simulator.baseUrl, simulator.models);
    const models = configuredModels([endpoint]);
    const scorer = await loadScorer(defaultScorer);
    const advised = prompts.map((prompt) => ({
      prompt,
      route: route(prompt.text, { scorer, tiers: defaultTiers, models, preference: 'balanced' }),
    }));
    const json = options.json === true;
    if (!json) await terminal.out(advice(advised, checked.length));

    const { plan, prompts: planned } = planRun({
      models,
      endpoints: [endpoint],
      prompts: [...prompts.map(withSimulatedKey), ...checked],
      scorer,
      tiers: defaultTiers,
      options: { concurrency: 24, warmup: 2, calibrate: true },
    });
    const run = await measure(
      {
        type: 'start',
        runDir: join(folder, 'run'),
        title: `Demo: sample prompts, simulated models at ${SPEED} times their speed`,
        plan,
        prompts: planned,
        network: { strictSsl: true },
        version: installation.version,
      },
      noKeys,
      terminal,
      installation,
    );
    if (run.manifest.state === 'cancelled') return exit.interrupted;
    await writeOutput(options.out, toHtml(buildReport(run)));
    if (json) {
      await terminal.out(`${JSON.stringify(found(advised, run, options.out), undefined, 2)}\n`);
      return exit.done;
    }
    const code = await printRun(run, { dir: options.out }, terminal);
    await terminal.out(closing(options.out));
    return code;
  } finally {
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Nobody can say what a right answer to an open prompt is; the simulated endpoint can, as it invents them all. */
function withSimulatedKey(prompt: Prompt): Prompt {
  return { ...prompt, checks: [{ type: 'contains', value: simulatedAnswer(prompt.text), name: 'simulated key' }] };
}

function advice(advised: readonly Advised[], checked: number): string {
  const head = ['prompt', 'score', 'tier', 'send to', 'tokens', 'expected cost'];
  const rows = advised.map(({ prompt, route: { complexity, tier, model, tokens, cost } }) => [
    prompt.id,
    formatScore(complexity.score),
    tier.name,
    model?.id ?? 'none',
    `~${tokens.tokens}`,
    formatUsdRange(cost),
  ]);
  return [
    'Tierwise: which model does a prompt need? These are the sample prompts; nothing is sent to judge them.',
    '',
    ...aligned([head, ...rows], ['left', 'right', 'left', 'left', 'right', 'left']),
    '',
    `Now each of the three models answers these ${advised.length} prompts, and ${checked} more that come with checks. THE ENDPOINT IS SIMULATED: it runs`,
    `on this machine, invents answers, delays and prices, and answers ${SPEED} times faster than it pretends to. Quality is whether an answer`,
    'holds what the simulator calls right, or keeps its checks.',
    '',
    '',
  ].join('\n');
}

function closing(out: string): string {
  return [
    '',
    `The report: ${out}`,
    'Everything measured here was simulated. For your own models: tierwise bench --config FILE --prompts FILE --out DIR',
    '',
  ].join('\n');
}

function found(advised: readonly Advised[], run: Run, report: string) {
  return {
    simulated: true,
    speed: SPEED,
    prompts: advised.map(({ prompt: { id }, route: { complexity, tier, model, tokens, cost } }) => ({
      id,
      tokens: tokens.tokens,
      score: complexity.score,
      tier: tier.name,
      model: model?.ref ?? null,
      costUsd: cost === undefined ? null : { low: cost.lowUsd, high: cost.highUsd },
    })),
    summary: run.summary,
    report,
  };
}
