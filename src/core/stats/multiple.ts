/**
 * p values corrected for being looked at together, in the order given: no more than 5 % of all families of true null
 * hypotheses have a corrected p below 0.05, whatever their dependence (Holm, 1979). The smallest is multiplied by their number, the
 * next by one less, and so on; none is smaller than the one before it, or larger than 1.
 */
export function holm(p: readonly number[]): number[] {
  const adjusted = new Array<number>(p.length).fill(1);
  const ascending = p.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  let largest = 0;
  for (const [rank, { value, index }] of ascending.entries()) {
    largest = Math.max(largest, Math.min(1, value * (p.length - rank)));
    adjusted[index] = largest;
  }
  return adjusted;
}
