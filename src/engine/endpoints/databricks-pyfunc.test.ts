import { describe, expect, it } from 'vitest';
import { pyfuncInputs } from '../../core/catalog/protocol.ts';
import type { ChatRequest } from './chat.ts';
import { databricksPyfunc } from './databricks-pyfunc.ts';
import { readAnswer, secret } from './testing/read-answer.ts';

const target = { protocol: 'databricks', baseUrl: 'https://dbc-1.cloud.databricks.com' } as const;
const request = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'my-model',
  task: 'pyfunc',
  messages: [{ role: 'user', content }],
  maxTokens: 9,
  temperature: 0,
  stream: true,
  requestId: 'r1',
  ...more,
});
const bodyOf = (built: { body?: unknown }) => JSON.parse(String(built.body)) as unknown;
const read = (body: unknown) => readAnswer(databricksPyfunc, typeof body === 'string' ? body : JSON.stringify(body));
const textOf = (predictions: unknown) => read({ predictions }).text;

describe('a request to a custom model', () => {
  it('is a table of one row and one column, and asks for no stream', () => {
    const built = databricksPyfunc.buildRequest(target, 'key', request('Hi'));
    expect(built).toMatchObject({
      method: 'POST',
      url: 'https://dbc-1.cloud.databricks.com/serving-endpoints/my-model/invocations',
      headers: { authorization: 'Bearer key' },
    });
    expect(bodyOf(built)).toEqual({
      client_request_id: 'r1',
      dataframe_split: { columns: ['prompt'], data: [['Hi']] },
    });
  });

  const forms = {
    dataframe_split: { columns: ['question'], data: [['a'], ['b']] },
    dataframe_records: [{ question: 'a' }, { question: 'b' }],
    inputs: { question: ['a', 'b'] },
    instances: [{ question: 'a' }, { question: 'b' }],
  };
  for (const input of pyfuncInputs) {
    it(`has its rows as ${input} where the model takes that`, () => {
      const pyfunc = { input, column: 'question' };
      const requests = ['a', 'b'].map((content) => request(content, { pyfunc, requestId: undefined }));
      const built = databricksPyfunc.batch?.buildRequest(target, undefined, requests);
      expect(bodyOf(built ?? {})).toEqual({ [input]: forms[input] });
    });
  }

  it('takes a column of any name for a column', () => {
    const built = databricksPyfunc.buildRequest(
      target,
      undefined,
      request('a', { pyfunc: { input: 'inputs', column: '__proto__' } }),
    );
    expect(built.body).toContain('"inputs":{"__proto__":["a"]}');
  });

  it('of nothing is refused', () => {
    expect(() => databricksPyfunc.batch?.buildRequest(target, undefined, [])).toThrow(/no prompt/);
  });
});

describe('the text of a prediction', () => {
  for (const [name, predictions, text] of [
    ['a text', 'Hello', 'Hello'],
    ['a list of one text', ['Hello'], 'Hello'],
    ['a list in a list', [['Hello']], 'Hello'],
    ['a record with an answer', [{ answer: 'Hello' }], 'Hello'],
    ['a record with other columns', [{ id: 7, generated_text: 'Hello', score: 0.5 }], 'Hello'],
    ['a record with one column of any name', [{ antwort: 'Hello' }], 'Hello'],
    ['a column', { answer: ['Hello'] }, 'Hello'],
    ['the column of any name', { antwort: ['Hello'] }, 'Hello'],
    ['columns of which one has the text', { score: [0.5], output: ['Hello'] }, 'Hello'],
    ['an object', { answer: 'Hello', sources: ['a', 'b'] }, 'Hello'],
    ['an object in an object', { output: { text: 'Hello' } }, 'Hello'],
    ['the older form of Databricks', [{ candidates: [{ text: 'Hello', metadata: {} }], metadata: {} }], 'Hello'],
    ['a chat completion', { choices: [{ message: { content: 'Hello' } }] }, 'Hello'],
    [
      'a list of one chat completion',
      [{ choices: [{ message: { content: [{ type: 'text', text: 'Hello' }] } }] }],
      'Hello',
    ],
    ['a number', [0.25], '0.25'],
    ['false', [false], 'false'],
    ['several values', [[0.1, 0.9]], '[0.1,0.9]'],
    ['a record of no text', [{ label: 1, score: 0.5 }], '{"label":1,"score":0.5}'],
    ['several predictions for one row', ['a', 'b'], '["a","b"]'],
    ['very deep lists', [[[[[[['Hello']]]]]]], '[[[[[["Hello"]]]]]]'],
  ] as const) {
    it(`is found in ${name}`, () => {
      const answer = read({ predictions });
      expect(answer.text).toBe(text);
      expect(answer).toMatchObject({ chunks: 1, done: true, failure: undefined });
    });
  }

  it('is never what an object turns into by itself', () => {
    for (const prediction of [{}, [{}], [[{}, {}]], { a: { b: { c: {} } } }, [{ answer: { x: 1, y: 2 } }]]) {
      expect(textOf(prediction)).not.toContain('[object');
    }
  });

  it('with prototype keys changes nothing', () => {
    expect(read('{"predictions":[{"__proto__":{"answer":"x"},"answer":"y"}]}').text).toBe('y');
    expect(({} as { answer?: unknown }).answer).toBeUndefined();
  });

  it('brings the rest of a chat completion too, in predictions or in their place', () => {
    const completion = {
      model: 'inner',
      choices: [{ message: { content: 'Hello', reasoning: 'hm' }, finish_reason: 'length' }],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    };
    for (const body of [{ predictions: completion }, { predictions: [completion] }, completion]) {
      expect(read(body)).toMatchObject({
        text: 'Hello',
        reasoning: 'hm',
        finishReason: 'length',
        servedModel: 'inner',
        usage: { input: 3, output: 2 },
        failure: undefined,
      });
    }
  });

  for (const [name, body, code] of [
    ['empty', { predictions: [''] }, 'empty'],
    ['null', { predictions: null }, 'empty'],
    ['missing', { outputs: ['x'] }, 'malformed'],
    ['an empty list', { predictions: [] }, 'malformed'],
    ['cut off', '{"predictions":["He', 'malformed'],
    ['a list', '["x"]', 'malformed'],
    ['a stream', 'data: {"predictions":["x"]}\n\n', 'malformed'],
    ['a web page', '<html>', 'malformed'],
    ['an error', { error_code: 'BAD_REQUEST', message: `no ${secret}` }, 'server'],
  ] as const) {
    it(`that is ${name} fails as ${code}`, () => {
      const { failure } = read(body);
      expect(failure?.code).toBe(code);
      expect(failure?.message).not.toContain(secret);
    });
  }
});

describe('the predictions for many rows', () => {
  const readBatch = (predictions: unknown, count: number) =>
    databricksPyfunc.batch?.read({ predictions }, count).answers.map(({ text }) => text);

  it('belong to the rows in their order', () => {
    expect(readBatch(['a', 'b', 'c'], 3)).toEqual(['a', 'b', 'c']);
    expect(readBatch([{ answer: 'a' }, { answer: 'b' }], 2)).toEqual(['a', 'b']);
    expect(readBatch({ answer: ['a', 'b'], score: [1, 2] }, 2)).toEqual(['a', 'b']);
    expect(readBatch([['a'], ['b']], 2)).toEqual(['a', 'b']);
    expect(readBatch([{ choices: [{ message: { content: 'a' } }] }, null], 2)).toEqual(['a', '']);
    expect(readBatch(['only'], 1)).toEqual(['only']);
  });

  it('must be as many as the rows', () => {
    for (const predictions of [['a'], ['a', 'b', 'c'], [], 'a', { answer: ['a'] }, { answer: 'ab' }, null]) {
      expect(() => readBatch(predictions, 2), JSON.stringify(predictions)).toThrow(/predictions for 2 rows/);
    }
    expect(() => databricksPyfunc.batch?.read({ error_code: 'X', message: `y ${secret}` }, 2, [secret])).toThrow(
      /X: y \[redacted\]/,
    );
  });
});
