/**
 * How far repeated scores of the same answers agree: Krippendorff's alpha for interval data, 1 − (disagreement within
 * answers) / (disagreement among all scores). 1: always the same score; 0: as chance would have it; below 0: worse than
 * chance. Chosen over an intraclass correlation because it takes any number of scores for each answer, so that one judgement that failed
 * costs no answer, and corrects for few answers; with many complete ones the two are the same.
 *
 * `answers`: the scores of each; those with fewer than two say nothing. Undefined where none has two, and where all scores there
 * are equal: a judge that knows one score only is not shown to be reliable by it. Krippendorff, Content Analysis, 12.3.
 */
export function agreement(answers: Iterable<readonly number[]>): number | undefined {
  let n = 0;
  let sum = 0;
  let squares = 0;
  let within = 0;
  let origin: number | undefined;
  for (const scores of answers) {
    if (scores.length < 2) continue;
    let own = 0;
    let ownSquares = 0;
    for (const score of scores) {
      // Seen from the first score, so that large scores do not swallow small differences.
      origin ??= score;
      own += score - origin;
      ownSquares += (score - origin) ** 2;
    }
    // Over ordered pairs of scores of the answer: Σ (v − w)² = 2 (m Σ v² − (Σ v)²).
    within += (2 * (scores.length * ownSquares - own * own)) / (scores.length - 1);
    n += scores.length;
    sum += own;
    squares += ownSquares;
  }
  if (n === 0) return undefined;
  const among = (2 * (n * squares - sum * sum)) / (n - 1);
  return among > 0 ? Math.min(1, 1 - within / among) : undefined;
}
