import { describe, expect, it } from 'vitest';
import { unpackTimes } from '../../core/benchmark/chunk-times.ts';
import type { Usage } from './chat.ts';
import { isObject } from './failures.ts';
import type { AnswerForm, AnswerSink } from './reader.ts';
import { readAnswer, secret } from './testing/read-answer.ts';

/** A frame of a protocol made for these tests: what its sink is told, in order. */
type Said = { readonly [K in keyof AnswerSink]?: unknown }[];

function scripted(stream: AnswerForm['stream'], more: Partial<AnswerForm> = {}) {
  const answerForm = (sink: AnswerSink): AnswerForm => {
    const say = (json: unknown) => {
      const said = isObject(json) && Array.isArray(json.said) ? (json.said as Said) : [];
      for (const { text, thought, toolCall, choice, finish, usage, servedModel, done } of said) {
        if (text !== undefined) sink.text(text as string);
        if (thought !== undefined) sink.thought(thought as string);
        if (toolCall !== undefined) sink.toolCall(...(toolCall as Parameters<AnswerSink['toolCall']>));
        if (choice !== undefined) sink.choice();
        if (finish !== undefined) sink.finish(finish as string);
        if (usage !== undefined) sink.usage(usage as Usage);
        if (servedModel !== undefined) sink.servedModel(servedModel as string);
        if (done !== undefined) sink.done();
      }
    };
    return { stream, frame: say, whole: say, ...more };
  };
  return { answerForm };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const frames = {
  sse: (...said: Said) => `data: ${JSON.stringify({ said })}\n\n`,
  ndjson: (...said: Said) => `${JSON.stringify({ said })}\n`,
};

describe.each(['sse', 'ndjson'] as const)('an answer over %s', (stream) => {
  const frame = frames[stream];
  const read = (...chunks: (string | Uint8Array)[]) => readAnswer(scripted(stream), ...chunks);

  it('counts an event once, whatever it brings', () => {
    const answer = read(
      frame({ text: '' }, { servedModel: 'm' }),
      frame({ thought: 'hmm' }, { text: 'a' }, { text: 'b' }, { toolCall: [0, { name: 'f' }] }),
      frame({ text: 'c' }),
      frame({ finish: 'stop' }, { done: true }),
    );
    expect(answer).toMatchObject({
      text: 'abc',
      reasoning: 'hmm',
      deltas: ['a', 'b', 'c'],
      chunks: 2,
      firstToken: 20,
      firstVisible: 20,
      lastToken: 30,
      servedModel: 'm',
      failure: undefined,
    });
  });

  it('dates the first event, the first and the last with a choice, and each chunk with a token', () => {
    const answer = read(
      frame({ servedModel: 'm' }),
      frame({ choice: true }),
      frame({ thought: 'hmm' }),
      frame({ text: 'a' }) + frame({ text: 'b' }),
      frame({ text: 'c' }),
      frame({ finish: 'stop' }),
      frame({ usage: { input: 1, output: 9 } }),
      frame({ done: true }),
    );
    expect(answer).toMatchObject({ firstEvent: 10, firstChoice: 20, firstToken: 30, lastToken: 50, lastChoice: 60 });
    expect([...(unpackTimes(answer.chunkTimes.text()) ?? [])]).toEqual([0, 10, 10, 20]);
  });

  it('counts every event of a chunk that brings several', () => {
    expect(read(frame({ text: 'a' }) + frame({ text: 'b' }) + frame({ finish: 'stop' }))).toMatchObject({
      chunks: 2,
      firstToken: 10,
      lastToken: 10,
    });
  });

  it('takes an encrypted thought for a token that is not visible', () => {
    expect(read(frame({ thought: '' }), frame({ text: 'x' }, { finish: 'stop' }))).toMatchObject({
      chunks: 2,
      reasoning: '',
      firstToken: 10,
      firstVisible: 20,
    });
  });

  it('keeps the last usage and the last finish reason', () => {
    const answer = read(
      frame({ usage: { input: 5, output: 0 } }),
      frame({ text: 'x' }, { finish: 'length' }),
      frame({ usage: { input: 5, cachedInput: 2, output: 7 } }, { finish: 'stop' }),
    );
    expect(answer).toMatchObject({ usage: { input: 5, cachedInput: 2, output: 7 }, finishReason: 'stop' });
    expect(read(frame({ text: 'x' }, { finish: 'stop' })).usage).toBeUndefined();
  });

  it('puts tool calls together from parts that come in any order', () => {
    const { toolCalls, chunks, firstVisible, failure } = read(
      frame({ toolCall: [1, { id: 'c1', name: 'time' }] }),
      frame({ toolCall: [0, { id: 'c0', name: 'weather', arguments: '{"ci' }] }),
      frame({ toolCall: [1, { arguments: '{}' }] }),
      frame({ toolCall: [0, { arguments: 'ty":1}' }] }),
      frame({ finish: 'tool_calls' }),
    );
    expect(toolCalls).toEqual([
      { id: 'c0', name: 'weather', arguments: '{"city":1}' },
      { id: 'c1', name: 'time', arguments: '{}' },
    ]);
    expect({ chunks, firstVisible, failure }).toEqual({ chunks: 4, firstVisible: undefined, failure: undefined });
  });

  it('leaves a hole where a tool call was never named', () => {
    const { toolCalls } = read(frame({ toolCall: [2, { name: 'f' }] }), frame({ finish: 'tool_calls' }));
    expect(toolCalls).toHaveLength(3);
    expect(Object.keys(toolCalls)).toEqual(['2']);
    expect(toolCalls[2]).toEqual({ id: undefined, name: 'f', arguments: '' });
  });

  it('is the same wherever its bytes are cut', () => {
    const whole = bytes(frame({ text: 'ünï' }) + frame({ text: ' 💥 終' }) + frame({ finish: 'stop' }, { done: true }));
    for (let size = 1; size < whole.length; size++) {
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        whole.subarray(at * size, (at + 1) * size),
      );
      expect(read(...pieces), `${size}`).toMatchObject({
        text: 'ünï 💥 終',
        chunks: 2,
        done: true,
        failure: undefined,
      });
    }
  });

  it('is complete with a finish reason, or with the end mark', () => {
    expect(read(frame({ text: 'x' }, { finish: 'stop' })).failure).toBeUndefined();
    expect(read(frame({ text: 'x' }), frame({ done: true })).failure).toBeUndefined();
    expect(read(frame({ text: 'x' }))).toMatchObject({ text: 'x', failure: { code: 'truncated-stream' } });
  });

  it('hears nothing more after the end mark', () => {
    const more = frame({ text: 'y' }, { finish: 'length' }, { usage: { input: 1, output: 1 } });
    expect(read(frame({ text: 'x' }, { finish: 'stop' }, { done: true }), more, '{broken\n')).toMatchObject({
      text: 'x',
      finishReason: 'stop',
      usage: undefined,
      chunks: 1,
      failure: undefined,
    });
  });

  it('that is cut off in an event is so, unless its finish reason had come', () => {
    const cut = frame({ text: 'lost' }).slice(0, -9);
    expect(read(frame({ text: 'half' }), cut)).toMatchObject({ text: 'half', failure: { code: 'truncated-stream' } });
    expect(read(cut).failure?.code).toBe('truncated-stream');
    expect(read(frame({ text: 'x' }, { finish: 'stop' }), cut)).toMatchObject({ text: 'x', failure: undefined });
  });

  it('that breaks in the middle is malformed, shows no key and keeps what had come', () => {
    const broken = stream === 'sse' ? `data: {${secret}}\n\n` : `{${secret}}\n`;
    const answer = read(frame({ text: 'good' }), broken, frame({ text: 'lost' }));
    expect(answer).toMatchObject({
      text: 'good',
      failure: { code: 'malformed', message: expect.stringContaining('[redacted]') },
    });
  });

  it('without a token is empty', () => {
    expect(read(frame({ usage: { input: 5, output: 0 } }), frame({ finish: 'stop' })).failure?.code).toBe('empty');
    expect(read().failure?.code).toBe('empty');
    expect(read('\n\n', ' ').failure?.code).toBe('empty');
  });

  it('is told from a web page and from words', () => {
    expect(read(' \n<html>').failure).toMatchObject({ code: 'malformed', message: expect.stringMatching(/web page/) });
    for (const words of ['Hello there', 'Hello there\n']) expect(read(words).failure?.code, words).toBe('malformed');
  });

  it('may begin with a byte order mark and blank lines', () => {
    expect(read('\ufeff\n', '\n', frame({ text: 'x' }, { finish: 'stop' }))).toMatchObject({
      text: 'x',
      failure: undefined,
    });
  });

  it('may come whole', () => {
    const whole = JSON.stringify({ said: [{ thought: 'hmm' }, { text: 'Hi' }, { finish: 'stop' }] });
    expect(read(whole.slice(0, 9), whole.slice(9))).toMatchObject({
      text: 'Hi',
      reasoning: 'hmm',
      chunks: 1,
      firstToken: 20,
      firstVisible: 20,
      lastToken: 20,
      failure: undefined,
    });
  });
});

describe('the content of frames that differ in nothing else', () => {
  const contentAlone = (json: unknown) => (isObject(json) && typeof json.text === 'string' ? json.text : undefined);
  const frame = (text: string, event?: string) =>
    `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify({ kind: 'token', text })}\n\n`;
  const end = 'data: {"end":1}\n\n';
  const read = (...texts: string[]) => readChunks(...texts.map((text) => frame(text)), end);

  /** Reads frames of `{"kind":"token","text":"…"}`, and counts those that were parsed. */
  function readChunks(...chunks: (string | Uint8Array)[]) {
    let parsed = 0;
    const form = (sink: AnswerSink): AnswerForm => ({
      stream: 'sse',
      frame(json) {
        parsed++;
        const text = contentAlone(json);
        if (text === undefined) sink.finish('stop');
        else sink.text(text);
      },
      whole: () => {},
      contentAlone,
      contentMember: 'text',
    });
    return { ...readAnswer({ answerForm: form }, ...chunks), parsed };
  }

  it('is taken without the parser, from the member that the form names', () => {
    const words = Array.from({ length: 50 }, (_, at) => `word${at} `);
    const { text, chunks, parsed, ...answer } = read(...words);
    expect({ text, chunks }).toEqual({ text: words.join(''), chunks: 50 });
    expect(answer).toMatchObject({ firstEvent: 10, firstChoice: 10, firstToken: 10, lastToken: 500, lastChoice: 510 });
    expect([...(unpackTimes(answer.chunkTimes.text()) ?? [])]).toEqual(words.map((_, at) => 10 * at));
    // The first, from which the template is learned, and the end.
    expect(parsed).toBe(2);
  });

  it('is taken so from events with a name, and from many of them in one chunk', () => {
    const named = ['a', 'b', 'c', 'd'].map((text) => frame(text, 'delta'));
    expect(readChunks(...named, end)).toMatchObject({ text: 'abcd', chunks: 4, parsed: 2 });
    expect(readChunks(named.join('') + end)).toMatchObject({ text: 'abcd', chunks: 4, firstToken: 10, parsed: 2 });
    // Another name is another event.
    expect(readChunks(...named, frame('e'), frame('f', 'other'), end)).toMatchObject({ text: 'abcdef', parsed: 4 });
  });

  it('is the same wherever the bytes are cut, and whatever ends the lines', () => {
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      const text = ['ünï', ' 💥', '"', '', ' 終', 'x'].map((word) => frame(word)).join('') + end;
      const whole = bytes(text.replaceAll('\n', lineEnd));
      for (let size = 1; size < whole.length; size++) {
        const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
          whole.subarray(at * size, (at + 1) * size),
        );
        expect(readChunks(...pieces), `${size}`).toMatchObject({ text: 'ünï 💥" 終x', chunks: 5, failure: undefined });
      }
    }
  });

  it('is not taken over a line break that stands in it', () => {
    const broken = frame('b').replace('"b"', '"b\n\ndata: c"');
    expect(readChunks(frame('a'), frame('a'), broken, end).failure).toMatchObject({ code: 'malformed' });
  });

  it('is parsed where it holds an escape', () => {
    expect(read('a', 'b', '"', '\\u0041', '\n', 'c')).toMatchObject({ text: 'ab"\\u0041\nc', chunks: 6, parsed: 5 });
  });
});
