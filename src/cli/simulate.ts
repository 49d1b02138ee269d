import { simulatedEndpoint } from '../engine/config/simulated-endpoint.ts';
import { faultNames, parseFaults } from '../engine/simulator/faults.ts';
import type { SimulatedProfile } from '../engine/simulator/profiles.ts';
import { type Simulator, startSimulator } from '../engine/simulator/server.ts';
import { traitDescriptions } from '../engine/simulator/traits.ts';
import { truthLogWriter } from '../engine/simulator/truth.ts';
import { wrongUse } from './options.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface SimulateOptions {
  readonly port?: number;
  readonly seed?: number;
  readonly speed?: number;
  readonly faults?: string;
  readonly truth?: string;
  readonly apiKeyEnv?: string;
  readonly json?: true;
}

/** Serves the simulated endpoint until Ctrl-C, SIGTERM, or the end of the parent process; being stopped is its normal end. */
export async function simulate(options: SimulateOptions, terminal: Terminal): Promise<ExitCode> {
  const faults = options.faults === undefined ? undefined : parseFaults(options.faults);
  const apiKey = options.apiKeyEnv === undefined ? undefined : terminal.env[options.apiKeyEnv];
  if (options.apiKeyEnv !== undefined && (apiKey === undefined || apiKey === '')) {
    throw wrongUse(`The environment variable that --api-key-env names is not set.`);
  }
  const { port, seed, speed } = options;
  const truth = options.truth === undefined ? undefined : await truthLogWriter(options.truth);
  try {
    const simulator = await startSimulator({
      port,
      seed,
      speed,
      faults,
      apiKey,
      truth: (entry) => truth?.write(entry),
    });
    const { baseUrl, addresses, models } = simulator;
    const stopped = once(terminal.interrupted);
    if (options.json === true) {
      await terminal.out(`${JSON.stringify({ baseUrl, addresses, models: models.map(modelOf) })}\n`);
    } else {
      await terminal.out(introduction(simulator, options.apiKeyEnv));
    }
    await stopped;
    await simulator.close();
  } finally {
    await truth?.close();
  }
  return exit.done;
}

function modelOf({ id, description, inputPrice, outputPrice, contextWindow }: SimulatedProfile) {
  return { id, description, inputPrice, outputPrice, contextWindow };
}

function introduction({ baseUrl, addresses, models }: Simulator, apiKeyEnv: string | undefined): string {
  const config = { endpoints: [simulatedEndpoint(baseUrl, models, apiKeyEnv)] };
  return [
    `Simulated endpoint at ${baseUrl}`,
    'It invents its answers, delays and prices; no real model is behind it.',
    ...models.map((model) => `  ${model.id}: ${model.description}`),
    '',
    'It speaks every protocol at once. Base URLs:',
    ...Object.entries(addresses).map(([protocol, url]) => `  ${`${protocol}:`.padEnd(18)}${url}`),
    '',
    "After a model's name, what its answer is to hold or to suffer, as in small+thinking or small+reset:",
    ...Object.entries(traitDescriptions).map(([trait, description]) => `  +${trait}: ${description}`),
    `  faults: ${faultNames.join(', ')}`,
    '',
    'A configuration for it:',
    JSON.stringify(config, undefined, 2),
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
