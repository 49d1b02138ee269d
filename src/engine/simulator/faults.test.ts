import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { checkFaults, drawFault, faultDescriptions, faultNames, parseFaults } from './faults.ts';

const failureOf = (text: string): Failure => {
  try {
    parseFaults(text);
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw new Error(`"${text}" was accepted`);
};

describe('faults', () => {
  it('are read from name=rate pairs, and a name alone means every request', () => {
    expect(parseFaults('429=0.1, reset=0.05')).toEqual({ '429': 0.1, reset: 0.05 });
    expect(parseFaults('hang')).toEqual({ hang: 1 });
    expect(parseFaults('')).toEqual({});
  });

  it('say what to type when they are wrong', () => {
    expect(failureOf('slow=0.1')).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('mid-stream-error'),
    });
    for (const text of ['429=1.5', '429=-1', '429=', '429=abc', '429=0.1=0.2', '429=NaN']) {
      expect(failureOf(text)).toMatchObject({ code: 'usage', message: expect.stringContaining('429=0.1') });
    }
    expect(failureOf('reset=0.1,reset=0.2').message).toContain('twice');
    expect(failureOf('reset=0.6,500=0.6').message).toContain('1.20');
    expect(failureOf('toString=1').code).toBe('usage');
  });

  it('are checked as options too', () => {
    expect(() => checkFaults({ hang: 2 })).toThrow(Failure);
  });

  it('each have a description and a place in the draw', () => {
    expect([...faultNames].sort()).toEqual(Object.keys(faultDescriptions).sort());
  });

  it('are met in the share that was asked for', () => {
    const faults = parseFaults('reset=0.2,429=0.1');
    const met = Array.from({ length: 1000 }, (_, index) => drawFault(faults, (index + 0.5) / 1000));
    expect(met.filter((fault) => fault === '429')).toHaveLength(100);
    expect(met.filter((fault) => fault === 'reset')).toHaveLength(200);
    expect(met.filter((fault) => fault === undefined)).toHaveLength(700);
  });
});
