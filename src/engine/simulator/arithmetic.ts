/** Longest prompt that is read as arithmetic, in UTF-16 units. */
const longest = 400;
const deepest = 40;

const spoken: readonly (readonly [RegExp, string])[] = [
  [/[×·]/g, '*'],
  [/÷/g, '/'],
  [/[−–]/g, '-'],
  [/\bplus\b/g, '+'],
  [/\bminus\b/g, '-'],
  [/\b(?:times|multiplied by)\b/g, '*'],
  [/\bdivided by\b/g, '/'],
];

/** The words that may stand beside an expression. Any other word makes it more than plain arithmetic. */
const around = new Set(
  (
    'a an and answer calculate compute determine do equal equals evaluate exactly expression final find following for give ' +
    'how in is just me much no number of one only please question reply result return sum the this value what whats with work ' +
    'out explanation words respond'
  ).split(' '),
);

/**
 * The value of a prompt that is plain arithmetic (`What is 17 × 23?`), as text with at most 6 decimals; otherwise
 * undefined. Knows + - * / ( ) and decimals. Pure; bounded by the longest prompt that it reads.
 */
export function plainArithmetic(prompt: string): string | undefined {
  if (prompt.length > longest) return undefined;
  let text = prompt.toLowerCase().replace(/what's/g, 'what is');
  for (const [word, sign] of spoken) text = text.replace(word, ` ${sign} `);
  const expressions = text.match(/[\d(.-][\d\s()+*/.,-]*/g) ?? [];
  const candidates = expressions.filter((piece) => /\d\s*\)*\s*[+*/-]\s*[(-]*\s*[\d.]/.test(piece));
  const [expression] = candidates;
  if (expression === undefined || candidates.length > 1) return undefined;
  const words = text.replace(expression, ' ');
  if (/\d/.test(words) || (words.match(/[\p{L}']+/gu) ?? []).some((word) => !around.has(word))) return undefined;
  // 10-20 and 555/12 on their own are ranges and names: without spaces they need a question around them.
  if (words.trim() === '' && !/[+*(]|\s[-/]\s/.test(expression)) return undefined;
  const value = evaluate(expression.replace(/[.,\s]+$/, '').replace(/(\d),(?=\d{3}\b)/g, '$1'));
  return value === undefined || !Number.isFinite(value) ? undefined : String(Number(value.toFixed(6)));
}

/** Recursive descent over sum → product → factor; undefined when the text is not one whole expression. */
function evaluate(text: string): number | undefined {
  let at = 0;
  let depth = 0;
  const skip = () => {
    while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t') at += 1;
    return text[at];
  };
  const factor = (): number => {
    const sign = skip();
    if (sign === '-') {
      at += 1;
      return -factor();
    }
    if (sign === '(') {
      at += 1;
      depth += 1;
      const inner = depth > deepest ? Number.NaN : sum();
      depth -= 1;
      if (skip() !== ')') return Number.NaN;
      at += 1;
      return inner;
    }
    const digits = /^(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?!\d)/.exec(text.slice(at))?.[0];
    if (digits === undefined) return Number.NaN;
    at += digits.length;
    return Number(digits);
  };
  const product = (): number => {
    let value = factor();
    for (let sign = skip(); sign === '*' || sign === '/'; sign = skip()) {
      at += 1;
      value = sign === '*' ? value * factor() : value / factor();
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    for (let sign = skip(); sign === '+' || sign === '-'; sign = skip()) {
      at += 1;
      value = sign === '+' ? value + product() : value - product();
    }
    return value;
  };
  const value = sum();
  return skip() === undefined && !Number.isNaN(value) ? value : undefined;
}
