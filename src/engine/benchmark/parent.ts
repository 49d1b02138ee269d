import { Failure, type FailureDetail } from '../../core/failure.ts';
import type { BoundKey, FromMeasure, ToMeasure } from '../../protocol/measure.ts';
import { abortFailure } from '../http/network-failure.ts';
import type { ModelQuestion } from './measuring.ts';

/** What came of a question to one of VS Code's own models. */
export interface AskEnd {
  readonly failure?: FailureDetail | undefined;
  readonly tokens?: { readonly input: number; readonly output: number } | undefined;
}

/** Signing in may need another program, but not for ever; ms. */
const keyPatienceMs = 120_000;

/** What a run asks of the process that started it. */
export interface Parent {
  /** A fresh key; @throws Failure with the parent's reason when there is none. */
  freshKey(endpoint: string): Promise<BoundKey>;
  /** Asks one of VS Code's own models; text is handed out as it arrives. Never rejects. */
  ask(question: ModelQuestion, onText: (text: string) => void, signal: AbortSignal): Promise<AskEnd>;
}

type Answer = Extract<ToMeasure, { type: 'key' | 'askText' | 'askEnd' }>;

/** The parent at the other end of the process channel. */
export class ParentChannel implements Parent {
  readonly #tell: (message: FromMeasure) => void;
  readonly #keys = new Map<string, { resolve(key: BoundKey): void; reject(failure: Failure): void }>();
  readonly #questions = new Map<number, { text(text: string): void; end(end: AskEnd): void }>();
  #asked = 0;

  constructor(tell: (message: FromMeasure) => void) {
    this.#tell = tell;
  }

  freshKey(endpoint: string): Promise<BoundKey> {
    let timer: NodeJS.Timeout | undefined;
    const key = new Promise<BoundKey>((resolve, reject) => {
      this.#keys.set(endpoint, { resolve, reject });
      timer = setTimeout(() => reject(new Failure({ code: 'auth', message: noKey(endpoint) })), keyPatienceMs);
      this.#tell({ type: 'needKey', endpoint });
    });
    return key.finally(() => clearTimeout(timer));
  }

  ask(question: ModelQuestion, onText: (text: string) => void, signal: AbortSignal): Promise<AskEnd> {
    const id = ++this.#asked;
    if (signal.aborted) return Promise.resolve({ failure: abortFailure(signal) });
    return new Promise((resolve) => {
      const end = (ended: AskEnd) => {
        this.#questions.delete(id);
        signal.removeEventListener('abort', cancel);
        resolve(ended);
      };
      const cancel = () => {
        this.#tell({ type: 'cancelAsk', id });
        end({ failure: abortFailure(signal) });
      };
      this.#questions.set(id, { text: onText, end });
      signal.addEventListener('abort', cancel);
      this.#tell({ type: 'ask', id, ...question });
    });
  }

  /** The run is over, or the parent gone: nobody waits for keys any more. */
  giveUp(): void {
    for (const [endpoint, { reject }] of this.#keys) reject(new Failure({ code: 'auth', message: noKey(endpoint) }));
    this.#keys.clear();
  }

  /** Takes what the parent answers; answers to questions that were given up are dropped. */
  receive(answer: Answer): void {
    if (answer.type === 'askText') this.#questions.get(answer.id)?.text(answer.text);
    else if (answer.type === 'askEnd') this.#questions.get(answer.id)?.end(answer);
    else {
      const waiting = this.#keys.get(answer.endpoint);
      this.#keys.delete(answer.endpoint);
      if (answer.key) waiting?.resolve(answer.key);
      else waiting?.reject(new Failure(answer.failure ?? { code: 'auth', message: noKey(answer.endpoint) }));
    }
  }
}

function noKey(endpoint: string): string {
  return `There is no new key for endpoint "${endpoint}". Sign in again, then resume the run.`;
}
