import type { FailureDetail } from '../../core/failure.ts';

/** After so many failures in a row, and never an answer, nothing more is sent there. */
const enoughFailures = 20;

/** Failures that only a person can mend: of a whole endpoint, of one of its models. */
const ofEndpoint: ReadonlySet<string> = new Set(['connect', 'tls', 'auth']);
const ofModel: ReadonlySet<string> = new Set(['auth', 'not-found']);

interface Pulse {
  failures: number;
  answered: boolean;
  last: FailureDetail | undefined;
}

/** Watches which endpoints and models can be reached at all, so that a run does not knock ten thousand times at a closed door. */
export class Health {
  readonly #endpoints = new Map<string, Pulse>();
  readonly #models = new Map<string, Pulse>();

  /** How a request ended; `failure` undefined: it was answered. */
  note(endpoint: string, model: string, failure: FailureDetail | undefined): void {
    count(pulseOf(this.#endpoints, endpoint), failure, ofEndpoint);
    count(pulseOf(this.#models, nameOf(endpoint, model)), failure, ofModel);
  }

  /** Whether nothing more is to be sent there. */
  isDead(endpoint: string, model: string): boolean {
    return isDead(this.#endpoints.get(endpoint)) || isDead(this.#models.get(nameOf(endpoint, model)));
  }

  /** What is dead, and how to mend it; undefined: nothing is. */
  complaint(): string | undefined {
    const endpoints = [...this.#endpoints].filter(([, pulse]) => isDead(pulse));
    const dead = endpoints.length > 0 ? endpoints : [...this.#models].filter(([, pulse]) => isDead(pulse));
    if (dead.length === 0) return undefined;
    const each = dead.map(
      ([name, { failures, last }]) => `${name} failed from the first of ${failures} requests on: ${last?.message}`,
    );
    return `${each.join(' ')} Nothing more was sent there. Mend it, then resume the run to send the rest.`;
  }
}

function pulseOf(pulses: Map<string, Pulse>, name: string): Pulse {
  let pulse = pulses.get(name);
  if (!pulse) {
    pulse = { failures: 0, answered: false, last: undefined };
    pulses.set(name, pulse);
  }
  return pulse;
}

function count(pulse: Pulse, failure: FailureDetail | undefined, codes: ReadonlySet<string>): void {
  if (failure === undefined) pulse.answered = true;
  if (failure !== undefined && codes.has(failure.code)) {
    pulse.failures++;
    pulse.last = failure;
  } else pulse.failures = 0;
}

function isDead(pulse: Pulse | undefined): boolean {
  return pulse !== undefined && !pulse.answered && pulse.failures >= enoughFailures;
}

function nameOf(endpoint: string, model: string): string {
  return `${endpoint}/${model}`;
}
