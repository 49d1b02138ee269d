import { describe, expect, it } from 'vitest';
import { Batches, type LineAnswer } from './batches.ts';
import { formParts } from './multipart.ts';
import { Refusal } from './request.ts';

const form = (text: string, purpose = 'batch') => {
  const part = (head: string, data: string) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${data}\r\n`;
  return Buffer.from(
    `${part('name="purpose"', purpose)}${part('name="file"; filename="p.jsonl"\r\nContent-Type: a/b', text)}--b--\r\n`,
  );
};
const line = (id: string) =>
  JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body: { model: id } });
const answered = (_url: string, body: string): LineAnswer => ({
  status: JSON.parse(body).model === 'bad' ? 429 : 200,
  requestId: 'r',
  body: { said: JSON.parse(body).model },
});

function batches() {
  const made = new Batches(answered, () => 5_000);
  const ask = (method: string, path: string, body = Buffer.alloc(0), type?: string): any => {
    const [step] = made.respond(method, path, type, body).steps;
    return step?.data;
  };
  const json = (...args: Parameters<typeof ask>) => JSON.parse(ask(...args));
  const upload = (text: string) => json('POST', 'files', form(text), 'multipart/form-data; boundary=b');
  const create = (file: string) =>
    json(
      'POST',
      'batches',
      Buffer.from(JSON.stringify({ input_file_id: file, endpoint: '/v1/chat/completions', completion_window: '24h' })),
    );
  return { ask, json, upload, create };
}

describe('a batch', () => {
  it('moves on with each look, answers every line once, and shuffles what it answered', () => {
    const { ask, json, upload, create } = batches();
    const ids = Array.from({ length: 40 }, (_, at) => `id-${at}`);
    const { id } = create(upload([...ids, 'bad'].map(line).join('\n')).id);
    const looks = Array.from({ length: 6 }, () => json('GET', `batches/${id}`));
    expect(looks.map(({ status }) => status)).toEqual([
      'in_progress',
      'in_progress',
      'in_progress',
      'finalizing',
      'completed',
      'completed',
    ]);
    expect(looks.map(({ request_counts: { completed } }) => completed)).toEqual([0, 21, 40, 40, 40, 40]);
    const read = (file: string) =>
      ask('GET', `files/${file}/content`)
        .trim()
        .split('\n')
        .map((text: string) => JSON.parse(text));
    const output = read(looks[5].output_file_id).map(({ custom_id, response }: any) => {
      expect(response.body.said).toBe(custom_id);
      return custom_id;
    });
    expect(output).not.toEqual(ids);
    expect(output.toSorted()).toEqual(ids.toSorted());
    expect(read(looks[5].error_file_id)).toMatchObject([
      { custom_id: 'bad', response: { status_code: 429 }, error: null },
    ]);
  });

  it('forgets the oldest files', () => {
    const { json, upload } = batches();
    const first = upload('x');
    for (let count = 0; count < 64; count += 1) upload('x');
    expect(() => json('GET', `files/${first.id}`)).toThrow(Refusal);
    expect(json('GET', 'files?limit=1000').data).toHaveLength(64);
  });

  it('refuses what it cannot find or read', () => {
    const { json, create } = batches();
    expect(() => create('file-none')).toThrow('purpose batch');
    expect(() => json('GET', 'batches/none')).toThrow(Refusal);
    expect(() => json('POST', 'files', form('x', 'assistants'), 'multipart/form-data; boundary=b')).toThrow('purpose');
    expect(() => json('POST', 'batches', Buffer.from('{'))).toThrow('JSON');
    expect(() => json('DELETE', 'batches/x')).toThrow('DELETE batches/{id}');
  });
});

describe('a multipart body', () => {
  it('keeps line breaks and lines that look like boundaries', () => {
    const text = 'a\r\n--bb\n--\r\n\r\n';
    const [purpose, file] = formParts(
      'multipart/form-data; boundary="b-1"',
      Buffer.from(
        `--b-1\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b-1\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${text}\r\n--b-1--`,
      ),
    );
    expect(purpose).toMatchObject({ name: 'purpose', filename: undefined, data: Buffer.from('batch') });
    expect(file).toMatchObject({ name: 'file', filename: 'f', data: Buffer.from(text) });
  });

  it('is refused where it is none', () => {
    expect(() => formParts('application/json', Buffer.from('{}'))).toThrow('multipart/form-data');
    expect(() => formParts('multipart/form-data; boundary=b', Buffer.from('--b\r\nx'))).toThrow('cut off');
  });
});
