import { describe, expect, it } from 'vitest';
import { parseTrace } from './trace.ts';

describe('a trace', () => {
  it('of Azure is read as it is published: dates with a blank and seven digits', () => {
    const text =
      'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109\r\n';
    expect(parseTrace(text, 'azure.csv')).toEqual([0, 4314.579]);
  });

  it('of Mooncake is read as it is published: whole ms', () => {
    const text =
      '{"timestamp": 27482, "input_length": 6955, "hash_ids": [46]}\n\n{"timestamp": 30535, "input_length": 1}\n';
    expect(parseTrace(text, 'mooncake.jsonl')).toEqual([0, 3053]);
  });

  it.each([
    ['seconds by their fractions', 'timestamp\n0.5\n2.25', [0, 1750]],
    ['seconds by the column', 'id,offset_s\na,1\nb,3', [0, 2000]],
    ['ms by the column', 'time_ms\n1.5\n3.25', [0, 1.75]],
    ['seconds since 1970', 'timestamp\n1700000000\n1700000002', [0, 2000]],
    ['ms since 1970', 'timestamp\n1700000000000.25\n1700000000001.75', [0, 1.5]],
    ['times with a zone', '{"time":"2026-11-24T10:00:00+01:00"}\n{"time":"2026-11-24T09:00:01Z"}', [0, 1000]],
    ['times in any order, ascending', 'timestamp\n30\n10\n20', [0, 10, 20]],
    ['a single request', 'timestamp\n30', [0]],
  ])('may hold %s', (_name, text, offsets) => {
    expect(parseTrace(text, 'x')).toEqual(offsets);
  });

  it('takes the unit that it is told', () => {
    expect(parseTrace('timestamp\n1\n3', 'x', 's')).toEqual([0, 2000]);
    expect(parseTrace('timestamp\n1.5\n3', 'x', 'ms')).toEqual([0, 1.5]);
  });

  it.each([
    ['no column of times', 'a,b\n1,2', /x\.csv has no column of times, only: a, b/],
    ['a word for a time', 'timestamp\n1\nsoon', /x\.csv:3: the time is no time: soon/],
    ['a missing time', '{"timestamp":1}\n{"other":2}', /x\.csv:2: the time is missing/],
    ['a date that does not exist', 'timestamp\n2026-13-01 10:00:00', /x\.csv:2: the time is no time/],
    ['dates among numbers', 'timestamp\n1\n2026-11-01 10:00:00', /x\.csv:3: some times are dates/],
    ['a broken line', '{"timestamp":1}\n{', /x\.csv:2: not valid JSON/],
    ['no request', 'timestamp\n', /x\.csv holds no request/],
    ['nothing', '', /x\.csv holds no request/],
  ])('with %s is refused with the place', (_name, text, message) => {
    expect(() => parseTrace(text, 'x.csv')).toThrow(message);
  });
});
