import { expect, it } from 'vitest';
import { calibrationWords } from './calibration.ts';

const distribution = (p50: number, p99: number) => {
  return { n: 100, mean: p50, min: 0, max: p99, p50, p90: p50, p95: p50, p99, p999: p99 };
};

it('says the error of both clocks at the load, and what this machine can send beside what the run needed', () => {
  const words = calibrationWords(
    {
      load: { kind: 'closed', concurrency: 64 },
      requests: 128,
      ttftErrorMs: distribution(0.84, 6.25),
      e2eErrorMs: distribution(1.21, 7.5),
      bareLoopPerSecond: 1_512.4,
      instrumentPerSecond: 1_404.9,
    },
    73.2,
  );
  expect(words).toEqual([
    'Instrument error at this load (64 in flight): TTFT ±0.8 ms (p99 6.3), E2E ±1.2 ms (p99 7.5); 128 requests to the built-in simulator, against its own clock.',
    "This machine's bare loop: 1,512 requests/s, the instrument 1,405; the run needed 73.",
  ]);
});

it("does not pass off a smaller load as the run's, nor a whole answer as having a first token", () => {
  expect(
    calibrationWords({
      load: { kind: 'open', arrivals: 'poisson', perSecond: 2.5 },
      requests: 40,
      e2eErrorMs: distribution(1, 2),
      reduced: true,
    }),
  ).toEqual([
    "Instrument error at a smaller load than this run's (Poisson arrivals at 2.5 requests/s): E2E ±1.0 ms (p99 2.0); 40 requests to the built-in simulator, against its own clock.",
  ]);
});
