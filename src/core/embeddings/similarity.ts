/**
 * Cosine of the angle between two vectors, in [-1,1]; each is brought to length 1 first, because not every model does so itself.
 * Undefined for vectors of different lengths, and for one without a direction.
 */
export function cosineSimilarity(a: readonly number[], b: readonly number[]): number | undefined {
  if (a.length !== b.length) return undefined;
  // Divided by the largest part first, so that no square leaves the range of numbers.
  const [largestA, largestB] = [largest(a), largest(b)];
  if (!(largestA > 0 && largestB > 0)) return undefined;
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    const [x, y] = [value / largestA, (b[index] ?? 0) / largestB];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return Math.max(-1, Math.min(1, product / Math.sqrt(squaresA * squaresB)));
}

function largest(values: readonly number[]): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
