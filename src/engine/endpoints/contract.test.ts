import { describe, expect, it } from 'vitest';
import { simulatedAnswer } from '../simulator/answer.ts';
import { type FaultName, faultNames } from '../simulator/faults.ts';
import { startSimulator } from '../simulator/server.ts';
import type { ChatTarget } from './chat.ts';
import {
  type ContractFault,
  type ContractParts,
  canary,
  describeContract,
  type ExpectedFailure,
  prompt,
  type Subject,
} from './testing/contract.ts';

const same = (failure: ExpectedFailure) => [failure, failure] as const;

/** What a client must make of each fault, streamed and whole; where a protocol differs, its own table says so. */
const expected: Readonly<Record<FaultName, readonly [streamed: ExpectedFailure, whole: ExpectedFailure]>> = {
  '429': same({ code: 'rate-limited', status: 429, retryAfterMs: 1_000 }),
  '429-databricks': same({ code: 'rate-limited', status: 429 }),
  '500': same({ code: 'server', status: 500 }),
  reset: same({ code: 'truncated-stream', status: 200 }),
  drip: same({ code: 'timeout' }),
  'malformed-sse': same({ code: 'malformed', status: 200 }),
  'mid-stream-error': [
    { code: 'stream-error', status: 200 },
    { code: 'server', status: 200 },
  ],
  hang: same({ code: 'timeout' }),
  html: same({ code: 'malformed', status: 200 }),
  empty: same({ code: 'empty', status: 200 }),
  truncated: [
    { code: 'truncated-stream', status: 200 },
    { code: 'malformed', status: 200 },
  ],
  redirect: same({ code: 'redirect', status: 307 }),
  endless: [{ code: 'too-large', status: 200 }, { code: 'timeout' }],
  'length-lie': same({ code: 'truncated-stream', status: 200 }),
  'gzip-bomb': same({ code: 'malformed', status: 200 }),
  'echo-key': same({ code: 'auth', status: 401 }),
  '429-date': same({ code: 'rate-limited', status: 429 }),
  '503': same({ code: 'server', status: 503, retryAfterMs: 1_000 }),
};

interface Case {
  /** What of the target differs by protocol. */
  readonly at: (origin: string) => Pick<ChatTarget, 'protocol' | 'baseUrl' | 'apiVersion'>;
  readonly subject?: Omit<Subject, 'model'>;
  /** How the simulated models are called there. */
  readonly named?: (model: string) => string;
  readonly parts?: Partial<ContractParts>;
  readonly faults?: Partial<typeof expected>;
}

const noChannels: Partial<ContractParts> = { thinking: undefined, tool: undefined };
const cutOff = { code: 'truncated-stream', status: 200 } as const;

const cases: Readonly<Record<string, Case>> = {
  'OpenAI chat completions': {
    at: (origin) => ({ protocol: 'openai', baseUrl: `${origin}/v1` }),
  },
  'OpenAI completions': {
    at: (origin) => ({ protocol: 'openai', baseUrl: `${origin}/v1` }),
    subject: { task: 'completions' },
    parts: { ...noChannels, batch: true },
  },
  'OpenAI responses': {
    at: (origin) => ({ protocol: 'openai-responses', baseUrl: `${origin}/v1` }),
  },
  'Azure OpenAI': {
    at: (origin) => ({ protocol: 'azure-openai', baseUrl: origin }),
  },
  'Azure OpenAI with an api-version': {
    at: (origin) => ({ protocol: 'azure-openai', baseUrl: origin, apiVersion: '2024-10-21' }),
  },
  'Anthropic messages': {
    at: (origin) => ({ protocol: 'anthropic', baseUrl: origin }),
    faults: { '503': same({ code: 'server', status: 529, retryAfterMs: 1_000 }) },
  },
  'Ollama chat': {
    at: (origin) => ({ protocol: 'ollama', baseUrl: origin }),
    parts: { models: ['small:latest', 'medium:latest', 'large:latest'] },
    // A whole answer is a stream of one line there.
    faults: {
      'malformed-sse': [{ code: 'malformed', status: 200 }, cutOff],
      truncated: same(cutOff),
      'mid-stream-error': same({ code: 'stream-error', status: 200 }),
    },
  },
  'Databricks chat': {
    at: (origin) => ({ protocol: 'databricks', baseUrl: origin }),
    parts: { models: undefined, servedModel: 'instant-1' },
  },
  'Databricks AI gateway': {
    at: (origin) => ({ protocol: 'databricks', baseUrl: origin }),
    named: (model) => `simulated.default.${model}`,
    parts: { models: undefined },
  },
  'Databricks completions': {
    at: (origin) => ({ protocol: 'databricks', baseUrl: origin }),
    subject: { task: 'completions' },
    parts: { ...noChannels, batch: true, models: undefined, servedModel: 'instant-1' },
  },
};

/** A custom model answers at once, and with nothing but its predictions. */
function pyfunc(input: NonNullable<Subject['pyfunc']>['input']): Case {
  return {
    at: (origin) => ({ protocol: 'databricks', baseUrl: origin }),
    subject: { task: 'pyfunc', pyfunc: { input, column: 'prompt' } },
    parts: {
      ...noChannels,
      streams: false,
      usage: false,
      finishReason: false,
      servedModel: 'instant-1',
      cached: undefined,
      limit: false,
      models: undefined,
      batch: true,
    },
  };
}

/** Only the request differs: what goes wrong with the answer is tried once. */
function withoutFaults(one: Case): Case {
  return { ...one, parts: { ...one.parts, faults: [] } };
}

/** What the simulated endpoint answers when it is asked at first, read without any adapter of ours. */
async function firstAnswer(model: string): Promise<{ content: string; thinking: string; tool: string }> {
  const simulator = await startSimulator({ speed: 1000 });
  try {
    const response = await fetch(`${simulator.baseUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }] }),
    });
    const { choices }: any = await response.json();
    const { content, reasoning_content, tool_calls } = choices[0].message;
    return { content, thinking: reasoning_content, tool: tool_calls?.[0].function.arguments };
  } finally {
    await simulator.close();
  }
}

const plain = await firstAnswer('instant');
const thinking = await firstAnswer('instant+thinking');
const tool = await firstAnswer('instant+tool');
const unicode = await firstAnswer('instant+unicode');

async function start({ at }: Case) {
  const simulator = await startSimulator({ speed: 100, apiKey: canary });
  const { origin } = simulator;
  return { target: { ...at(origin), key: { endpoint: 'e', origin, key: canary } }, close: () => simulator.close() };
}

const all: Readonly<Record<string, Case>> = {
  ...cases,
  'Databricks pyfunc by dataframe_split': pyfunc('dataframe_split'),
  'Databricks pyfunc by dataframe_records': withoutFaults(pyfunc('dataframe_records')),
  'Databricks pyfunc by inputs': withoutFaults(pyfunc('inputs')),
  'Databricks pyfunc by instances': withoutFaults(pyfunc('instances')),
};

for (const [name, one] of Object.entries(all)) {
  const { named = (model) => model } = one;
  const faults = faultNames.map((fault): ContractFault => {
    const [streamed, whole] = one.faults?.[fault] ?? expected[fault];
    return { name: fault, model: named(`small+${fault}`), streamed, whole };
  });
  describeContract(name, () => start(one), {
    subject: { model: named('instant'), ...one.subject },
    streams: true,
    usage: true,
    finishReason: true,
    servedModel: named('instant'),
    text: plain.content,
    thinking: { model: named('instant+thinking'), text: thinking.thinking },
    tool: { model: named('instant+tool'), name: 'lookup', arguments: tool.tool },
    cached: { model: named('instant+cached') },
    beyondAscii: { model: named('instant+unicode'), text: unicode.content },
    limit: true,
    unknownModel: named('nobody'),
    key: true,
    models: ['small', 'medium', 'large'],
    batch: false,
    faults,
    ...one.parts,
  });
}

describe('the simulated endpoint', () => {
  it('gives the right key of an answer, beyond ASCII too', () => {
    expect(plain.content).toContain(simulatedAnswer(prompt));
    expect(unicode.content).toContain(simulatedAnswer(prompt));
  });
});
