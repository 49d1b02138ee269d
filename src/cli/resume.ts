import type { PlannedEndpoint } from '../core/benchmark/plan.ts';
import { Failure } from '../core/failure.ts';
import { onlyInVscode } from '../engine/benchmark/answer-measure.ts';
import { openRun, readManifest } from '../engine/benchmark/run-folder.ts';
import type { KeyedEndpoint } from '../engine/config/keys.ts';
import { loadConfig } from '../engine/config/load.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import { checkAddresses } from './addresses.ts';
import type { Installation } from './commands.ts';
import { checkGates, chosenGates, type GateOptions } from './gates.ts';
import { measure, printRun, shellWord, withKeys } from './measure.ts';
import { wrongUse } from './options.ts';
import type { ExitCode, Terminal } from './terminal.ts';

export interface ResumeOptions extends GateOptions {
  readonly dir: string;
  readonly config?: string;
  readonly maxCost?: number;
  readonly maxTokensTotal?: number;
  readonly allowOrigin: readonly string[];
  readonly json?: true;
}

/** Sends what an interrupted run has not sent yet. */
export async function resume(
  options: ResumeOptions,
  terminal: Terminal,
  installation: Installation,
): Promise<ExitCode> {
  const manifest = readManifest(options.dir);
  const config = options.config === undefined ? undefined : await loadConfig(options.config);
  const gates = chosenGates(options, config?.benchmark?.gates);
  checkGates(gates, manifest.plan.models);
  const asked = { dir: options.dir, config: options.config, json: options.json, gates };
  if (manifest.state === 'complete') {
    terminal.note(`${options.dir} is complete: there is nothing to send.`);
    return printRun(await openRun(options.dir), asked, terminal);
  }
  const { endpoints } = manifest.plan;
  if (endpoints.some(({ protocol }) => protocol === 'vscode-lm')) throw wrongUse(onlyInVscode);
  checkAddresses(endpoints, options.allowOrigin);
  const vouched = endpoints.map((endpoint) => vouchedFor(endpoint, config?.endpoints ?? [], options));
  return withKeys(vouched, terminal, async (ring) => {
    const run = await measure(
      {
        type: 'resume',
        runDir: options.dir,
        maxCostUsd: options.maxCost,
        maxTotalTokens: options.maxTokensTotal,
        network: { strictSsl: true },
        version: installation.version,
      },
      ring,
      terminal,
      installation,
    );
    return printRun(run, asked, terminal);
  });
}

/**
 * A run's folder can come from a stranger, and could name any variable of the environment and any address. So a key leaves this
 * machine only when the person's own configuration names the endpoint with the same origin, and then it is the configuration that says
 * which key. Signing in to a Databricks workspace is never done for a folder's sake alone, not even on this machine.
 */
export function vouchedFor(
  { id, baseUrl, protocol, apiKeyEnv }: PlannedEndpoint,
  configured: readonly ConfiguredEndpoint[],
  { dir, config }: { readonly dir: string; readonly config?: string },
): KeyedEndpoint {
  const { origin, loopback } = parseBaseUrl(baseUrl);
  const own = configured.find((endpoint) => endpoint.id === id);
  if (own !== undefined && own.protocol === protocol && parseBaseUrl(own.baseUrl).origin === origin) {
    return { id, baseUrl, protocol, apiKey: own.apiKey, auth: own.auth };
  }
  const signsIn = protocol === 'databricks';
  if (!signsIn) {
    if (apiKeyEnv === undefined) return { id, baseUrl, protocol };
    if (loopback) return { id, baseUrl, protocol, apiKey: { env: apiKeyEnv } };
  }
  const why =
    config === undefined
      ? `the folder alone may not say so. Type: tierwise resume ${shellWord(dir)} --config FILE`
      : own === undefined
        ? `${config} has no endpoint "${id}"`
        : `in ${config} "${id}" is at ${parseBaseUrl(own.baseUrl).origin}, with the protocol ${own.protocol}`;
  const what = apiKeyEnv === undefined ? `sign in to ${origin}` : `send the key in ${apiKeyEnv} to ${origin}`;
  throw new Failure({ code: 'config', message: `The run would ${what} (endpoint "${id}"), but ${why}.` });
}
