import type { ModelTask, Protocol } from '../../core/catalog/protocol.ts';
import { Failure } from '../../core/failure.ts';
import type { Adapter } from './adapter.ts';
import { anthropic } from './anthropic.ts';
import { azureOpenai } from './azure-openai.ts';
import { databricksChat } from './databricks-chat.ts';
import { databricksCompletions } from './databricks-completions.ts';
import { databricksPyfunc } from './databricks-pyfunc.ts';
import { ollama } from './ollama.ts';
import { openai } from './openai.ts';
import { openaiCompletions } from './openai-completions.ts';
import { openaiResponses } from './openai-responses.ts';

/** Every wire protocol, by what it is asked to do. */
const adapters: { readonly [P in Protocol]?: { readonly [T in ModelTask]?: Adapter } } = {
  openai: { chat: openai, completions: openaiCompletions },
  'openai-responses': { chat: openaiResponses },
  'azure-openai': { chat: azureOpenai },
  anthropic: { chat: anthropic },
  ollama: { chat: ollama },
  databricks: { chat: databricksChat, completions: databricksCompletions, pyfunc: databricksPyfunc },
};

/** @throws Failure `config` for a task that the protocol does not have. */
export function adapterFor(protocol: Protocol, task: ModelTask = 'chat'): Adapter {
  const adapter = adapters[protocol]?.[task];
  if (adapter) return adapter;
  const known = Object.keys(adapters[protocol] ?? {}).join(', ');
  throw new Failure({
    code: 'config',
    message: `The protocol ${protocol} has no task "${task}"${known === '' ? '' : `; it has: ${known}`}.`,
  });
}
