import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Protocol } from '../../src/core/catalog/protocol.ts';
import { discoverLocal } from '../../src/engine/endpoints/discovery.ts';
import { callEmbeddings } from '../../src/engine/endpoints/embeddings.ts';
import {
  type ContractParts,
  type ContractServer,
  canary,
  describeContract,
} from '../../src/engine/endpoints/testing/contract.ts';
import { createUndiciTransport } from '../../src/engine/http/undici-transport.ts';
import { prepareOllama, startOllama } from './ollama-server.ts';
import { endlessPrompt } from './prompts.ts';
import { modelName, prepareLiteLlm, prepareLlama, type Server, startLiteLlm, startLlama } from './servers.ts';

// The contract that every protocol keeps at the simulated endpoint, with a real model behind real servers.

const llama = await prepareLlama();
const liteLlm = 'bin' in llama ? await prepareLiteLlm() : llama;
const ollama = 'bin' in llama ? prepareOllama(llama.bin) : llama;

/** A server under test. */
interface Host {
  readonly name: string;
  /** Why there is none. */
  readonly missing: string | undefined;
  /** What it asks of every client. */
  readonly key?: string;
  server?: Server;
}
const llamaHost: Host = { name: 'llama.cpp', missing: llama.missing, key: canary };
const liteLlmHost: Host = { name: 'LiteLLM', missing: liteLlm.missing, key: `sk-${canary}` };
const ollamaHost: Host = { name: 'Ollama', missing: ollama.missing };
const hosts = [llamaHost, liteLlmHost, ollamaHost];

beforeAll(async () => {
  if ('bin' in llama) llamaHost.server = await startLlama(llama.bin, { key: canary, embeddings: true });
  if ('bin' in liteLlm && llamaHost.server) {
    const keys = { key: liteLlmHost.key!, upstreamKey: canary };
    liteLlmHost.server = await startLiteLlm(liteLlm.bin, llamaHost.server.baseUrl, keys);
  }
  if ('program' in ollama) ollamaHost.server = await startOllama(ollama);
});
afterAll(async () => {
  for (const { server } of [...hosts].reverse()) await server?.kill();
});

/** @param path from the server's origin to the base URL of the protocol */
function at({ name, missing, key, server }: Host, protocol: Protocol, path: string): ContractServer | { skip: string } {
  if (server === undefined) return { skip: `${name}: ${missing}` };
  const { origin } = new URL(server.baseUrl);
  const bound = key === undefined ? {} : { key: { endpoint: 'e', origin, key } };
  return { target: { protocol, baseUrl: origin + path, ...bound } };
}

const parts = {
  subject: { model: modelName },
  maxTokens: 48,
  streams: true,
  usage: true,
  finishReason: true,
  servedModel: 'any',
  limit: true,
  key: true,
  batch: false,
} satisfies ContractParts;

/** It takes a question for a finished text. */
const completions = {
  subject: { model: modelName, task: 'completions' },
  prompt: 'Once upon a time there was',
  batch: true,
} satisfies Partial<ContractParts>;

type Case = readonly [by: string, protocol: Protocol, path: string, parts: Partial<ContractParts>];

const chats: readonly Case[] = [
  ['chat completions', 'openai', '/v1', { models: [modelName] }],
  ['completions', 'openai', '/v1', completions],
  // None of the three says in a response that it stopped at the limit.
  ['responses', 'openai-responses', '/v1', { limit: 'silently' }],
  ['Anthropic messages', 'anthropic', '', {}],
];

function contracts(host: Host, cases: readonly Case[], own: Partial<ContractParts> = {}): void {
  for (const [by, protocol, path, its] of cases) {
    const name = `${host.name} by ${by}`;
    describeContract(name, async () => at(host, protocol, path), { ...parts, ...own, ...its });
  }
}

contracts(llamaHost, chats);

contracts(
  liteLlmHost,
  // It turns messages into a response, in which the limit is not told.
  chats.map(([by, ...rest]) =>
    by === 'Anthropic messages' ? [by, rest[0], rest[1], { limit: 'silently' }] : [by, ...rest],
  ),
  // Without a database it stumbles over a request without a key.
  { unknownModel: 'nobody', withoutKey: 'server', transport: 'fetch' },
);

const listed = `${modelName}:latest`;
contracts(
  ollamaHost,
  [
    ['its own chat', 'ollama', '', { models: [listed] }],
    ['chat completions', 'openai', '/v1', { models: [listed] }],
    // One prompt in a request.
    ['completions', 'openai', '/v1', { ...completions, batch: false }],
    ['responses', 'openai-responses', '/v1', { limit: 'silently' }],
    ['Anthropic messages', 'anthropic', '', {}],
  ],
  // It is the slowest of the three.
  { unknownModel: 'nobody', key: false, maxTokens: 16, transport: 'undici' },
);

function transportOfOurs() {
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 4 });
  onTestFinished(() => transport.close());
  return transport;
}

describe.each<[string, Host, Protocol, string]>([
  ['llama.cpp by OpenAI’s embeddings', llamaHost, 'openai', '/v1'],
  ['LiteLLM by OpenAI’s embeddings', liteLlmHost, 'openai', '/v1'],
  ['Ollama by OpenAI’s embeddings', ollamaHost, 'openai', '/v1'],
  ['Ollama by its own embeddings', ollamaHost, 'ollama', ''],
])('%s', (_name, host, protocol, path) => {
  const texts = ['The sea is deep.', 'Bread is baked from flour.', 'The ocean is very deep.'];
  const embed = (server: ContractServer, input: readonly string[], more = {}) =>
    callEmbeddings(transportOfOurs(), server.target, { model: modelName, input, ...more }, { timeoutMs: 120_000 });
  const cosine = (a: readonly number[], b: readonly number[]) => {
    const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };

  it('gives one vector for each text, in their order, and counts the tokens', async ({ skip }) => {
    const server = at(host, protocol, path);
    if ('skip' in server) return skip(server.skip);
    const { results, calls, inputTokens, servedModel } = await embed(server, texts);
    expect(calls).toHaveLength(1);
    const vectors = results.map(({ vector }) => vector!);
    expect(vectors.map(({ length }) => length)).toEqual([576, 576, 576]);
    expect(cosine(vectors[0]!, vectors[2]!)).toBeGreaterThan(cosine(vectors[0]!, vectors[1]!));
    expect(inputTokens).toBeGreaterThanOrEqual(12);
    expect(servedModel).toContain(modelName);

    // llama.cpp's vectors depend a little on what is embedded with them.
    const [{ vector: alone }] = (await embed(server, [texts[1]!])).results as [{ vector: readonly number[] }];
    const likeness = vectors.map((vector) => cosine(alone, vector));
    expect(likeness[1]).toBe(Math.max(...likeness));
  });

  it('reads vectors as base64 like those as numbers', async ({ skip }) => {
    const server = at(host, protocol, path);
    if ('skip' in server) return skip(server.skip);
    const [[float], [base64]] = [
      (await embed(server, texts.slice(0, 1), { encoding: 'float' })).results,
      (await embed(server, texts.slice(0, 1), { encoding: 'base64' })).results,
    ];
    expect(base64!.vector).toHaveLength(576);
    expect(cosine(float!.vector!, base64!.vector!)).toBeCloseTo(1, 4);
  });

  it('says of a text that is too long that it is, and embeds the others', async ({ skip }) => {
    const server = at(host, protocol, path);
    if ('skip' in server) return skip(server.skip);
    if (host === ollamaHost && protocol === 'openai')
      return skip('Ollama cuts such a text there, and cannot be told not to');
    if (host === liteLlmHost)
      return skip('LiteLLM tries the fault of llama.cpp behind it again and again, for half a minute');
    const { results } = await embed(server, [texts[0]!, endlessPrompt]);
    expect(results[0]!.vector).toHaveLength(576);
    expect(results[1]!.failure).toMatchObject({ code: 'context-too-long' });
  });
});

describe('discovery', () => {
  it('finds each of them on its port, with its models, without a key', async ({ skip }) => {
    const running = hosts.filter(({ server }) => server !== undefined);
    if (running.length === 0) return skip(`${llama.missing}`);
    const ports = running.map(({ server }) => server!.port);
    const origin = (host: Host) => `http://127.0.0.1:${host.server?.port}`;
    const expected = new Map<Host, object>([
      [
        llamaHost,
        { kind: 'llama.cpp', protocol: 'openai', baseUrl: `${origin(llamaHost)}/v1`, models: [], needsKey: true },
      ],
      [
        liteLlmHost,
        { kind: 'litellm', protocol: 'openai', baseUrl: `${origin(liteLlmHost)}/v1`, models: [], needsKey: true },
      ],
      [ollamaHost, { kind: 'ollama', protocol: 'ollama', baseUrl: origin(ollamaHost), models: [{ id: listed }] }],
    ]);
    const found = await discoverLocal(transportOfOurs(), { ports, timeoutMs: 30_000 });
    expect(found).toEqual(running.map((host) => expect.objectContaining(expected.get(host))));
  });
});
