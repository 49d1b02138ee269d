import { seedScorer } from '../src/core/complexity/seed-scorer.ts';
import { estimateTokens } from '../src/core/prompts/tokens.ts';
import { route } from '../src/core/routing/route.ts';
import { defaultTiers } from '../src/core/routing/tiers.ts';

/**
 * How long the scoring of a prompt takes, beside one plain pass over its UTF-16 units in the same run.
 * Run: node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/scoring.ts
 */

const english =
  'Please compare both approaches to caching, explain which one you would choose, and why? It should run on 3 servers.\n';
const japanese = '次の二つの方法を比較し、どちらを選ぶか理由とともに説明してください。∑ は使わないでください？\n';

/** `length` UTF-16 units in one piece: no rope, slice or external string, which are slower to read. */
function text(unit: string, length: number): string {
  return JSON.parse(JSON.stringify(unit.repeat(Math.ceil(length / unit.length)).slice(0, length))) as string;
}

let sink = 0;

/** The least that any scorer must do: read each unit once. */
function plainPass(prompt: string): number {
  let mixed = 0;
  for (let i = 0; i < prompt.length; i++) mixed ^= prompt.charCodeAt(i);
  return mixed;
}

/** Least ms of one call over 15 rounds: other programs on the machine only ever add. */
function time(run: () => void, calls: number): number {
  const samples: number[] = [];
  for (let round = 0; round < 15; round++) {
    const start = performance.now();
    for (let call = 0; call < calls; call++) run();
    samples.push((performance.now() - start) / calls);
  }
  return Math.min(...samples);
}

const cases: readonly [name: string, prompt: string, calls: number][] = [
  ['1,000 chars, English', text(english, 1_000), 400],
  ['1,000 chars, Japanese', text(japanese, 1_000), 400],
  ['100,000 times "a"', text('a', 100_000), 10],
  ['1 MB, English', text(english, 1_000_000), 1],
  ['1 MB, Japanese', text(japanese, 1_000_000), 1],
  ['5 MB, English', text(english, 5_000_000), 1],
  ['5 MB, Japanese', text(japanese, 5_000_000), 1],
];

const shown = (ms: number): string => (ms < 1 ? `${(ms * 1_000).toFixed(1)} µs` : `${ms.toFixed(1)} ms`).padStart(10);

for (const [, prompt] of cases)
  for (let i = 0; i < 20; i++) [plainPass, seedScorer.score, estimateTokens].map((f) => f(prompt));

console.log(
  `${'prompt'.padEnd(24)}${['plain pass', 'score', 'ratio', 'tokens', 'route'].map((head) => head.padStart(10)).join('')}`,
);
const scored = new Map<string, number>();
for (const [name, prompt, calls] of cases) {
  const plain = time(() => {
    sink += plainPass(prompt);
  }, calls);
  const score = time(() => {
    sink += seedScorer.score(prompt).score;
  }, calls);
  const tokens = time(() => {
    sink += estimateTokens(prompt).tokens;
  }, calls);
  const whole = time(() => {
    const options = { scorer: seedScorer, tiers: defaultTiers, models: [], preference: 'balanced' } as const;
    sink += route(prompt, options).adjustedScore;
  }, calls);
  scored.set(name, score);
  const ratio = `${(score / plain).toFixed(1)}x`.padStart(10);
  console.log(`${name.padEnd(24)}${shown(plain)}${shown(score)}${ratio}${shown(tokens)}${shown(whole)}`);
}

const growth = (scored.get('5 MB, English') ?? Number.NaN) / (scored.get('1 MB, English') ?? Number.NaN);
console.log(`\nlinearity: 5 MB takes ${growth.toFixed(2)} times as long as 1 MB (5.00 is linear)`);
const small = (scored.get('1,000 chars, English') ?? Number.NaN) * 1_000;
const large = Math.max(scored.get('1 MB, English') ?? Number.NaN, scored.get('1 MB, Japanese') ?? Number.NaN);
console.log(`1,000 characters: ${small.toFixed(1)} µs (at most 50); 1 MB: ${large.toFixed(1)} ms (at most 20)`);
if (!(small < 50 && large < 20)) process.exitCode = 1;
if (Number.isNaN(sink)) console.log(sink);
