import { Failure } from '../../core/failure.ts';

/** What can be made to go wrong, and what the client then sees. */
export const faultDescriptions = {
  '429': 'status 429 with Retry-After: 1',
  '429-databricks': 'status 429 as Databricks words it, without Retry-After',
  '500': 'status 500',
  reset: 'the connection is reset in the middle of the answer',
  drip: 'one byte a second',
  'malformed-sse':
    'an event in the middle (in NDJSON a line) is broken JSON; the stream then goes on and ends as usual',
  'mid-stream-error': 'an error event in the middle of a stream with status 200',
  hang: 'no byte, for ever',
  html: 'status 200 with a web page',
  empty: 'a finished answer without a token',
  truncated: 'the answer ends in the middle without finish reason',
  redirect: 'status 307 to another origin',
  endless: 'tokens without end',
  'length-lie': 'Content-Length promises more than is sent',
  'gzip-bomb': 'a megabyte of gzip that unpacks to a thousand',
  'echo-key': 'status 401 with the header that carries the key repeated in its message',
  '429-date': 'status 429 with a Retry-After that names a date, a second or two away',
  '503': 'status 503 (in the Anthropic dialect 529) with Retry-After: 1',
} as const;

export type FaultName = keyof typeof faultDescriptions;

// Not Object.keys: it moves names that look like integers to the front, and the order decides which fault a draw means.
export const faultNames: readonly FaultName[] = [
  '429',
  '429-databricks',
  '500',
  'reset',
  'drip',
  'malformed-sse',
  'mid-stream-error',
  'hang',
  'html',
  'empty',
  'truncated',
  'redirect',
  'endless',
  'length-lie',
  'gzip-bomb',
  'echo-key',
  // New ones go to the end: an order that changes would change what a draw means.
  '429-date',
  '503',
];

/** The share of requests, in [0,1], that meet each fault; together at most 1. */
export type Faults = Readonly<Partial<Record<FaultName, number>>>;

/**
 * Reads `429=0.1,reset=0.05`; a name alone means every request. Throws a Failure `usage` that says what to type.
 */
export function parseFaults(text: string): Faults {
  const faults: Partial<Record<FaultName, number>> = {};
  for (const part of text.split(',')) {
    const item = part.trim();
    if (item === '') continue;
    const [name = '', rate, ...rest] = item.split('=').map((piece) => piece.trim());
    if (!isFaultName(name)) {
      throw wrongFaults(`There is no fault "${shown(name)}". Faults are: ${faultNames.join(', ')}.`);
    }
    if (faults[name] !== undefined) throw wrongFaults(`The fault ${name} is given twice. Give each fault once.`);
    const value = rate === undefined ? 1 : rate === '' || rest.length > 0 ? Number.NaN : Number(rate);
    faults[name] = value;
  }
  checkFaults(faults);
  return faults;
}

/** Throws a Failure `usage` unless every rate is in [0,1] and they sum to at most 1. */
export function checkFaults(faults: Faults): void {
  let sum = 0;
  for (const name of faultNames) {
    const rate = faults[name];
    if (rate === undefined) continue;
    if (!(rate >= 0 && rate <= 1)) {
      throw wrongFaults(`The rate of the fault ${name} must be a number from 0 to 1. Type for example ${name}=0.1.`);
    }
    sum += rate;
  }
  if (sum > 1 + 1e-9) {
    throw wrongFaults(`The rates of all faults sum to ${sum.toFixed(2)}; a request meets one fault, so at most 1.`);
  }
}

/** The fault that a draw from [0,1) means, or none. */
export function drawFault(faults: Faults, draw: number): FaultName | undefined {
  let upTo = 0;
  for (const name of faultNames) {
    upTo += faults[name] ?? 0;
    if (draw < upTo) return name;
  }
  return undefined;
}

function isFaultName(name: string): name is FaultName {
  return (faultNames as readonly string[]).includes(name);
}

function shown(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
}

function wrongFaults(message: string): Failure {
  return new Failure({ code: 'usage', message });
}
