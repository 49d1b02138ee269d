import * as z from 'zod/mini';

/** Distribution of one figure. Every quantile is there, however small `n` is: see `fewestValues`. */
export const distributionSchema = z.object({
  n: z.number(),
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  p999: z.number(),
});

export type Distribution = z.infer<typeof distributionSchema>;
