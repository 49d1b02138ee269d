import { afterAll, beforeAll } from 'vitest';
import type { ChatTarget } from '../../src/engine/endpoints/chat.ts';
import { canary, describeContract } from '../../src/engine/endpoints/testing/contract.ts';
import { modelName, prepareLlama, type Server, startLlama } from './servers.ts';

// The contract that every protocol keeps at the simulated endpoint, with a real model behind a real server.

const llama = await prepareLlama();
let server: Server | undefined;

beforeAll(async () => {
  if ('bin' in llama) server = await startLlama(llama.bin, { key: canary });
});
afterAll(() => server?.kill());

/** @param path from the server's origin to the base URL of the protocol */
const at = (protocol: ChatTarget['protocol'], path: string) => async () => {
  if (server === undefined) return { skip: `llama.cpp: ${llama.missing}` };
  const { origin } = new URL(server.baseUrl);
  return { target: { protocol, baseUrl: origin + path, key: { endpoint: 'e', origin, key: canary } } };
};

const parts = {
  subject: { model: modelName },
  streams: true,
  usage: true,
  finishReason: true,
  servedModel: 'any',
  limit: true,
  key: true,
  batch: false,
} as const;

describeContract('llama.cpp by chat completions', at('openai', '/v1'), { ...parts, models: [modelName] });
describeContract('llama.cpp by completions', at('openai', '/v1'), {
  ...parts,
  subject: { model: modelName, task: 'completions' },
  // A question it takes for a finished text.
  prompt: 'Once upon a time there was',
  batch: true,
});
describeContract('llama.cpp by responses', at('openai-responses', '/v1'), { ...parts, limit: 'silently' });
describeContract('llama.cpp by Anthropic messages', at('anthropic', ''), parts);
