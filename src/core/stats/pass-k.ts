/** How often one prompt was answered, and how often the answer passed. */
export interface Passes {
  readonly n: number;
  readonly passed: number;
}

/**
 * The chance that all of k answers pass, “pass^k”, unbiased from n ≥ k answers: C(c, k) / C(n, k) (Yao and others,
 * τ-bench, 2024). NaN where n < k.
 */
export function passHatK({ n, passed }: Passes, k: number): number {
  if (n < k) return Number.NaN;
  // As a product, so that nothing overflows.
  let chance = 1;
  for (let i = 0; i < k; i++) chance *= Math.max(0, passed - i) / (n - i);
  return chance;
}

/**
 * pass^k for k = 1, 2, … up to the answers that every prompt has, at most `most`: the mean over prompts, each counting
 * once. Prompts without a decided answer are left out; empty where there is no other.
 */
export function passPowers(prompts: readonly Passes[], most = 16): { k: number; value: number }[] {
  const answered = prompts.filter(({ n }) => n > 0);
  if (answered.length === 0) return [];
  const fewest = answered.reduce((least, { n }) => Math.min(least, n), most);
  return Array.from({ length: fewest }, (_, index) => {
    const sum = answered.reduce((all, prompt) => all + passHatK(prompt, index + 1), 0);
    return { k: index + 1, value: sum / answered.length };
  });
}
