import { describe, expect, it, onTestFinished } from 'vitest';
import type { EndpointFailureCode } from '../../../core/failure.ts';
import { createFetchTransport } from '../../http/fetch-transport.ts';
import type { Transport } from '../../http/transport.ts';
import { createUndiciTransport } from '../../http/undici-transport.ts';
import { callBatch } from '../batch-call.ts';
import { callChat, listModels } from '../call.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from '../chat.ts';
import type { CallOptions } from '../exchange.ts';
import { serve } from './loopback.ts';
import { byteByByte, cancelling } from './odd-transports.ts';

// What holds for every protocol, whoever serves it. The same suite runs against the simulated endpoint and real servers.

/** Searched for in everything that comes out. */
export const canary = 'canary-key-0123456789';

/** A server to ask. */
export interface ContractServer {
  /** With the right key. */
  readonly target: ChatTarget;
  close?(): Promise<void>;
}

/** What is asked, by model and task. */
export type Subject = Pick<ChatRequest, 'model' | 'task' | 'pyfunc'>;

/** Which parts of the contract hold for a server. */
export interface ContractParts {
  readonly subject: Subject;
  /** What is asked, where `prompt` will not do. */
  readonly prompt?: string | undefined;
  /** Most output tokens of an answer; absent: 200. */
  readonly maxTokens?: number | undefined;
  /** Absent: both. */
  readonly transport?: 'undici' | 'fetch' | undefined;
  /** False: it answers at once though asked to stream. */
  readonly streams: boolean;
  readonly usage: boolean;
  readonly finishReason: boolean;
  /** The model's name in its answers; `any`: some name; absent: it names none. */
  readonly servedModel?: string | undefined;
  /** The text that `prompt` is answered with at first; absent: any text. */
  readonly text?: string | undefined;
  /** Models that think first, call a tool, read half of the prompt from a cache, answer beyond ASCII. */
  readonly thinking?: { readonly model: string; readonly text: string } | undefined;
  readonly tool?: { readonly model: string; readonly name: string; readonly arguments: string } | undefined;
  readonly cached?: { readonly model: string } | undefined;
  readonly beyondAscii?: { readonly model: string; readonly text: string } | undefined;
  /** It obeys a limit of output tokens; `silently`: without saying that it stopped there. */
  readonly limit: boolean | 'silently';
  /** Absent: it takes any name. */
  readonly unknownModel?: string | undefined;
  /** It wants a key. */
  readonly key: boolean;
  /** What it makes of a request without one; absent: `auth`. */
  readonly withoutKey?: EndpointFailureCode | undefined;
  /** Models that its list must have; absent: the protocol has no list. */
  readonly models?: readonly string[] | undefined;
  /** It answers several prompts in one request. */
  readonly batch: boolean;
  readonly faults?: readonly ContractFault[] | undefined;
}

/** Something that goes wrong at the server when this model is asked. */
export interface ContractFault {
  readonly name: string;
  readonly model: string;
  readonly streamed: ExpectedFailure;
  readonly whole: ExpectedFailure;
}

export interface ExpectedFailure {
  readonly code: EndpointFailureCode;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

export const prompt = 'Which colour has the sky at noon?';

const transports = [
  ['undici', () => createUndiciTransport({ network: { strictSsl: true }, connections: 4 })],
  ['fetch', () => createFetchTransport()],
] as const;

/** Long enough for every answer, and the bound on every failure. */
const patient = 120_000;
/** The least limit of output tokens that OpenAI's responses take. */
const leastTokens = 16;
/** For what never ends. */
const hasty = 150;

/**
 * Runs the contract.
 * @param start begins a server for one test, or gives one that runs; with `skip`: why there is none
 */
export function describeContract(
  name: string,
  start: () => Promise<ContractServer | { readonly skip: string }>,
  parts: ContractParts,
): void {
  const used = transports.filter(([transport]) => parts.transport === undefined || parts.transport === transport);
  describe.each(used)(`${name} over %s`, (_transport, createTransport) => {
    /** Leaves the test where there is no server. */
    async function begin(skip: (reason: string) => never): Promise<{ target: ChatTarget; transport: Transport }> {
      const server = await start();
      if ('skip' in server) return skip(server.skip);
      const transport = createTransport();
      onTestFinished(async () => {
        await transport.close();
        await server.close?.();
      });
      return { target: server.target, transport };
    }

    const request = (stream: boolean, more: Partial<ChatRequest> = {}): ChatRequest => ({
      ...parts.subject,
      messages: [{ role: 'user', content: parts.prompt ?? prompt }],
      stream,
      temperature: 0,
      maxTokens: parts.maxTokens ?? 200,
      ...more,
    });

    for (const stream of [true, false]) {
      const how = stream ? 'streamed' : 'whole';

      it(`answers, ${how}`, async ({ skip }) => {
        const { target, transport } = await begin(skip);
        let heard = '';
        const outcome = await callChat(transport, target, request(stream), {
          timeoutMs: patient,
          onText: (delta) => {
            heard += delta;
          },
        });
        expectAnswer(outcome);
        expect(outcome.text).not.toBe('');
        expect(heard).toBe(outcome.text);
        expect(outcome.reasoning).toBe('');
        expect(outcome.toolCalls).toEqual([]);
        if (parts.text !== undefined) expect(outcome.text).toBe(parts.text);
        if (parts.streams && stream) expect(outcome.chunks).toBeGreaterThan(1);
        else expect(outcome.times.firstToken).toBe(outcome.times.lastToken);
        if (parts.finishReason) expect(['stop', 'length']).toContain(outcome.finishReason);
        if (parts.servedModel === undefined) expect(outcome.servedModel).toBeUndefined();
        else if (parts.servedModel === 'any') expect(outcome.servedModel).not.toBe('');
        else expect(outcome.servedModel).toBe(parts.servedModel);
      });

      it(`takes a whole conversation, ${how}`, async ({ skip }) => {
        const { target, transport } = await begin(skip);
        const messages: ChatRequest['messages'] = [
          { role: 'system', content: 'Answer in few words.' },
          { role: 'user', content: prompt },
          { role: 'assistant', content: 'Blue.' },
          { role: 'user', content: 'And at „Dämmerung“, 夕方? 💥' },
        ];
        expectAnswer(await callChat(transport, target, request(stream, { messages }), { timeoutMs: patient }));
      });

      if (parts.thinking) {
        const { model, text } = parts.thinking;
        it(`keeps thinking apart, ${how}`, async ({ skip }) => {
          const { target, transport } = await begin(skip);
          const outcome = await callChat(transport, target, request(stream, { model }), { timeoutMs: patient });
          expectAnswer(outcome);
          expect(outcome.reasoning).toBe(text);
          expect(outcome.text).not.toContain(text);
          const { firstToken, firstVisible } = outcome.times;
          if (stream) expect(firstToken).toBeLessThanOrEqual(firstVisible ?? Number.NaN);
          if (outcome.usage?.reasoning !== undefined) {
            expect(outcome.usage.reasoning).toBeGreaterThan(0);
            expect(outcome.usage.reasoning).toBeLessThan(outcome.usage.output);
          }
        });
      }

      if (parts.tool) {
        const { model, name: toolName, arguments: json } = parts.tool;
        it(`reads a tool call, ${how}`, async ({ skip }) => {
          const { target, transport } = await begin(skip);
          const outcome = await callChat(transport, target, request(stream, { model }), { timeoutMs: patient });
          expectAnswer(outcome);
          expect(outcome.toolCalls).toHaveLength(1);
          expect(outcome.toolCalls[0]?.name).toBe(toolName);
          expect(JSON.parse(outcome.toolCalls[0]?.arguments ?? '')).toEqual(JSON.parse(json));
          expect(outcome.toolCalls[0]?.id).toMatch(/./);
          if (parts.finishReason) expect(outcome.finishReason).toBe('tool_calls');
        });
      }

      if (parts.cached) {
        const { model } = parts.cached;
        it(`counts a prompt out of the cache once, ${how}`, async ({ skip }) => {
          const { target, transport } = await begin(skip);
          const plain = await callChat(transport, target, request(stream), { timeoutMs: patient });
          const outcome = await callChat(transport, target, request(stream, { model }), { timeoutMs: patient });
          expect(outcome.usage?.input).toBe(plain.usage?.input);
          expect(outcome.usage?.cachedInput).toBe(Math.floor((plain.usage?.input ?? 0) / 2));
        });
      }

      if (parts.beyondAscii) {
        const { model, text } = parts.beyondAscii;
        it(`keeps characters whole that are cut between chunks, ${how}`, async ({ skip }) => {
          const { target, transport } = await begin(skip);
          const outcome = await callChat(byteByByte(transport), target, request(stream, { model }), {
            timeoutMs: patient,
          });
          expectAnswer(outcome);
          expect(outcome.text).toBe(text);
          expect(outcome.text).toMatch(/[^\0-\x7f]/);
        });
      }

      if (parts.limit) {
        it(`stops at the limit of output tokens, ${how}`, async ({ skip }) => {
          const { target, transport } = await begin(skip);
          const limited = request(stream, { maxTokens: leastTokens });
          const outcome = await callChat(transport, target, limited, { timeoutMs: patient });
          expectAnswer(outcome);
          if (parts.finishReason && parts.limit === true) expect(outcome.finishReason).toBe('length');
          if (parts.usage) expect(outcome.usage?.output).toBe(leastTokens);
        });
      }

      it(`ends as cancelled when it is cancelled under way, ${how}`, async ({ skip }) => {
        const { target, transport } = await begin(skip);
        const cancel = new AbortController();
        const outcome = await callChat(cancelling(transport, cancel), target, request(stream), {
          timeoutMs: patient,
          signal: cancel.signal,
        });
        expect(outcome.failure).toMatchObject({ code: 'cancelled' });
        expectOrder(outcome);
      });

      if (parts.key) {
        it(`says that the key is wrong and does not repeat it, ${how}`, async ({ skip }) => {
          const { target, transport } = await begin(skip);
          const { origin } = new URL(target.baseUrl);
          const wrong = { ...target, key: { endpoint: 'e', origin, key: `wrong-${canary}` } };
          const outcome = await callChat(transport, wrong, request(stream), { timeoutMs: patient });
          expect(outcome.failure).toMatchObject({ code: 'auth' });
          expect(JSON.stringify(outcome)).not.toContain(canary);
        });
      }

      if (parts.unknownModel !== undefined) {
        const model = parts.unknownModel;
        it(`says that there is no such model, ${how}`, async ({ skip }) => {
          const { target, transport } = await begin(skip);
          const outcome = await callChat(transport, target, request(stream, { model }), { timeoutMs: patient });
          expect(outcome.failure).toMatchObject({ code: 'not-found' });
          expect(outcome.text).toBe('');
        });
      }
    }

    it('ends in time where the server does not', async ({ skip }) => {
      const { target, transport } = await begin(skip);
      const origin = await serve((http) => http.resume());
      const outcome = await callChat(transport, atOrigin(target, origin, origin), request(true), { timeoutMs: hasty });
      expect(outcome.failure).toMatchObject({ code: 'timeout' });
    });

    it('follows no redirect and takes the key nowhere', async ({ skip }) => {
      const { target } = await begin(skip);
      const transport = createTransport();
      onTestFinished(() => transport.close());
      const seen: string[] = [];
      const other = await serve((http, response) => {
        seen.push(`${http.url} ${JSON.stringify(http.headers)}`);
        response.end('{}');
      });
      const first = await serve((http, response) => {
        http.resume();
        response.writeHead(307, { location: `${other}/elsewhere` }).end();
      });
      const moved = atOrigin(target, first, first);
      const outcome = await callChat(transport, moved, request(true), { timeoutMs: patient });
      expect(outcome.failure).toMatchObject({ code: 'redirect', status: 307 });
      expect(outcome.failure?.message).toContain(other);
      expect(JSON.stringify(outcome)).not.toContain(canary);

      const foreign = atOrigin(target, other, first);
      await callChat(transport, foreign, request(true), { timeoutMs: patient });
      expect(seen).toHaveLength(1);
      expect(seen.join()).not.toContain(canary);
    });

    if (parts.models) {
      const { models } = parts;
      it('lists its models, and says why it cannot', async ({ skip }) => {
        const { target, transport } = await begin(skip);
        const options: CallOptions = { timeoutMs: patient };
        const ids = (await listModels(transport, target, options)).map(({ id }) => id);
        expect(ids).toEqual(expect.arrayContaining([...models]));
        if (!parts.key) return;
        const { key: _, ...without } = target;
        await expect(listModels(transport, without, options)).rejects.toMatchObject({
          code: parts.withoutKey ?? 'auth',
        });
      });
    }

    if (parts.batch) {
      it('answers several prompts in one request, in their order', async ({ skip }) => {
        const { target, transport } = await begin(skip);
        const contents = ['What is 2 + 2?', parts.prompt ?? prompt, 'What is 10 + 11?'];
        const requests = contents.map((content) => request(false, { messages: [{ role: 'user', content }] }));
        const outcome = await callBatch(transport, target, requests, { timeoutMs: patient });
        expect(outcome.failure).toBeUndefined();
        expect(outcome.answers).toHaveLength(3);
        if (parts.text === undefined) return;
        expect(outcome.answers[0]?.text).toContain('4');
        expect(outcome.answers[1]?.text).toBe(parts.text);
        expect(outcome.answers[2]?.text).toContain('21');
        if (parts.usage) expect(outcome.usage?.input).toBeGreaterThan(0);
      });
    }

    const { faults = [] } = parts;
    if (faults.length === 0) return;
    describe.concurrent('when something goes wrong', () => {
      for (const { name: fault, model, streamed, whole } of faults) {
        for (const stream of parts.streams ? [true, false] : [false]) {
          const expected = stream ? streamed : whole;
          it(`says ${expected.code} for ${fault}, ${stream ? 'streamed' : 'whole'}`, async (test) => {
            const server = await start();
            if ('skip' in server) return test.skip(server.skip);
            const transport = createTransport();
            test.onTestFinished(async () => {
              await transport.close();
              await server.close?.();
            });
            const outcome = await callChat(transport, server.target, request(stream, { model, maxTokens: undefined }), {
              timeoutMs: expected.code === 'timeout' ? hasty : patient,
              maxBytes: 60_000,
            });
            test.expect(outcome.failure).toMatchObject(expected);
            test.expect(JSON.stringify(outcome)).not.toContain(canary);
            const { sent, end } = outcome.times;
            test.expect(sent).toBeLessThanOrEqual(end);
            return undefined;
          });
        }
      }
    });
  });

  function expectAnswer(outcome: ChatOutcome): void {
    expect(outcome.failure).toBeUndefined();
    expect(outcome.status).toBe(200);
    expectOrder(outcome);
    expect(outcome.times.lastToken).toBeDefined();
    if (parts.usage) {
      expect(outcome.usage?.input).toBeGreaterThan(0);
      expect(outcome.usage?.output).toBeGreaterThan(0);
    }
  }
}

function expectOrder({ times }: ChatOutcome): void {
  const came = [times.sent, times.headers, times.firstToken, times.lastToken, times.end].filter(
    (moment) => moment !== undefined,
  );
  expect(came).toEqual([...came].sort((a, b) => a - b));
}

/** The same target at another origin, with the key of `keyOrigin`. */
function atOrigin(target: ChatTarget, origin: string, keyOrigin: string): ChatTarget {
  const { pathname } = new URL(target.baseUrl);
  const baseUrl = origin + (pathname === '/' ? '' : pathname);
  return { ...target, baseUrl, key: { endpoint: 'e', origin: keyOrigin, key: canary } };
}
