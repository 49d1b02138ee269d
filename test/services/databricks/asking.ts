import { callChat } from '../../../src/engine/endpoints/call.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from '../../../src/engine/endpoints/chat.ts';
import { createUndiciTransport } from '../../../src/engine/http/undici-transport.ts';

/** Our client, signed in to a workspace with a token. */
export interface Asking {
  readonly transport: ReturnType<typeof createUndiciTransport>;
  readonly target: ChatTarget;
  chat(model: string, more?: Partial<ChatRequest>): Promise<ChatOutcome>;
}

export function askingWith(host: string, token: string, timeoutMs = 60_000): Asking {
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 8 });
  const target: ChatTarget = {
    protocol: 'databricks',
    baseUrl: host,
    key: { endpoint: 'workspace', origin: host, key: token },
  };
  const messages = [{ role: 'user' as const, content: 'Say hello to the reader.' }];
  return {
    transport,
    target,
    chat: (model, more) =>
      callChat(transport, target, { model, messages, stream: true, maxTokens: 16, ...more }, { timeoutMs }),
  };
}
