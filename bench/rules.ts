import { seedScorer } from '../src/core/complexity/seed-scorer.ts';
import { continues } from '../src/core/routing/conversation.ts';
import { compileGlob } from '../src/core/routing/rule-glob.ts';
import { compileRules, searched } from '../src/core/routing/rules.ts';
import { seededRandom } from '../src/core/stats/random.ts';

/**
 * What one rule with a pattern takes on a prompt of 1 MB, beside V8's own regular expressions on what is searched of it and
 * beside the score of the prompt, in the same run; with patterns made to hold a backtracking engine up for ever, too.
 * Run: node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/rules.ts
 */

const random = seededRandom(1);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
/** In one piece: a rope is slower to read. */
const flat = (text: string): string => JSON.parse(JSON.stringify(text)) as string;
const mega = (make: () => string): string => {
  let text = '';
  while (text.length < 1_000_000) text += make();
  return flat(text.slice(0, 1_000_000));
};
const words = mega(() => pick(['Please ', 'compare ', 'both ', 'caches ', 'quickly.\n']));
const ab = mega(() => pick(['a', 'b']));
const han = mega(() => String.fromCodePoint(0x4e00 + Math.floor(random() * 20_000)));

/** ms; the first call also fills what an automaton remembers. */
function once(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
const least = (run: () => unknown, calls: number): number =>
  Math.min(...Array.from({ length: calls }, () => once(run)));

const cases: readonly [name: string, pattern: string, text: string, safeInV8: boolean][] = [
  ['words of which none is there', '\\b(refactor|migrate|prove)\\b', words, true],
  ['three words with gaps', 'please.*migrate.*now', words, true],
  ['Chinese', '[一-鿿]{3}[？?]', han, true],
  ['(a+)+!', '(a+)+!', ab, false],
  ['(a|b)*a(a|b){70}!', '(a|b)*a(a|b){70}!', ab, false],
  ['a.{0,140}b!', 'a.{0,140}b!', ab, false],
];

/** ms that one rule may take at the very worst: the hover's share of a person's patience. */
const limitMs = 1_000;
let missed = false;
const shown = (ms: number): string => (ms < 1 ? `${(ms * 1_000).toFixed(0)} µs` : `${ms.toFixed(1)} ms`).padStart(10);
console.log(`${'pattern, on 1 MB'.padEnd(30)}     first     again    RegExp     score`);
for (const [name, pattern, text, safeInV8] of cases) {
  const book = compileRules([{ if: { pattern }, tier: 'complex' }]);
  const ask = () => book.verdicts({ text, tokens: 1 });
  const first = once(ask);
  const again = least(ask, 5);
  const part = flat(text.slice(0, searched.first) + text.slice(-searched.last));
  const expression = new RegExp(pattern, 'iu');
  const theirs = safeInV8 ? shown(least(() => expression.test(part), 5)) : '   no end'.padStart(10);
  console.log(
    `${name.padEnd(30)}${shown(first)}${shown(again)}${theirs}${shown(least(() => seedScorer.score(text), 3))}`,
  );
  if (first > limitMs) missed = true;
}
const glob = compileGlob(`${'*a'.repeat(60)}/${'**/'.repeat(20)}*b`);
console.log(
  `a glob of 80 stars on a path of 4,000 characters ${shown(least(() => glob(`${'a'.repeat(2_000)}/${'a/'.repeat(1_000)}c`), 3))}`,
);
console.log(
  `whether a message goes on: 80 characters        ${shown(least(() => continues('好的'.repeat(39)), 50))}, 1 MB ${shown(least(() => continues(words), 50))}`,
);
if (missed) console.log(`Missed: one rule took over ${limitMs} ms.`);
process.exitCode = missed ? 1 : 0;
