import { describe, expect, it } from 'vitest';
import { plannedLoad } from '../engine/config/load-setting.ts';
import { chosenLoad, rateRange, slo, sweep } from './load-options.ts';

describe('the load', () => {
  it('is what the configuration says, until an option says another', () => {
    const configured = { rate: 5, arrivals: 'constant' as const };
    expect(chosenLoad({}, configured)).toMatchObject(configured);
    expect(chosenLoad({ arrivals: 'poisson' }, configured)).toMatchObject({ rate: 5, arrivals: 'poisson' });
    expect(chosenLoad({ ramp: { from: 1, to: 2 } }, configured)).toMatchObject({
      ramp: { from: 1, to: 2 },
      rate: undefined,
      arrivals: 'constant',
    });
    expect(chosenLoad({ sweep: { concurrency: [1] } }, configured)).toMatchObject({ arrivals: undefined });
  });

  it.each([
    [{ rate: 1, trace: 'x' }, /--rate and --trace are different loads\. Give one of --rate, --ramp/],
    [{ arrivals: 'poisson' as const }, /--arrivals belongs to a rate/],
    [{ arrivals: 'poisson' as const, sweep: { concurrency: [1] } }, /--arrivals belongs to a rate/],
    [{ rate: 1, goodShare: 0.9 }, /--good-share belongs to --search-rate/],
    [{ searchRate: { from: 5, to: 1 } }, /--search-rate must go up/],
    [{ rate: 2, traceUnit: 's' as const }, /--trace-unit belongs to --trace/],
  ])('of options that do not go together is refused: %j', (options, message) => {
    expect(() => chosenLoad(options, {})).toThrow(message);
  });

  it('becomes that of a plan', async () => {
    expect(await plannedLoad({ rate: 3 }, undefined)).toEqual({
      pattern: 'steady',
      load: { kind: 'open', arrivals: 'poisson', perSecond: 3 },
    });
    expect(await plannedLoad({ sweep: { concurrency: [1, 4] } }, undefined)).toEqual({
      pattern: 'sweep',
      stages: [
        { kind: 'closed', concurrency: 1 },
        { kind: 'closed', concurrency: 4 },
      ],
    });
    expect(await plannedLoad({ searchRate: { from: 1, to: 9 } }, { ttftMs: 5 })).toMatchObject({ goodShare: 0.95 });
    await expect(plannedLoad({ searchRate: { from: 1, to: 9 } }, {})).rejects.toThrow(/Give an SLO/);
    expect(await plannedLoad({}, undefined)).toBeUndefined();
  });
});

describe('options', () => {
  it('of rates and limits are read', () => {
    expect(rateRange('--ramp')('0.5..20')).toEqual({ from: 0.5, to: 20 });
    expect(sweep('concurrency=1,4,16')).toEqual({ concurrency: [1, 4, 16] });
    expect(sweep('rate = 0.5, 2')).toEqual({ rate: [0.5, 2] });
    expect(slo('ttft_ms<800, e2e_ms <= 5000')).toEqual({ ttftMs: 800, e2eMs: 5000 });
  });

  it.each([
    [() => rateRange('--ramp')('5'), /--ramp must be two rates, for example 1\.\.20, not "5"/],
    [() => rateRange('--ramp')('0..5'), /--ramp must be a number above 0/],
    [() => sweep('1,2'), /--sweep must be concurrency=1,4,16 or rate=1,2,5/],
    [() => sweep('rate='), /--sweep must be/],
    [() => sweep('concurrency=1.5'), /--sweep concurrency must be a whole number/],
    [() => slo('ttft<800'), /--slo must be limits as ttft_ms<800.*not "ttft<800"/],
    [() => slo('ttft_ms>800'), /--slo must be limits/],
    [() => slo('ttft_ms<800,ttft_ms<900'), /--slo names ttft_ms twice/],
  ])('that cannot be read say how they are written', (read, message) => {
    expect(read).toThrow(message);
  });
});
