import { Failure } from '../../core/failure.ts';
import type { FromMeasure, ToMeasure } from '../../protocol/measure.ts';
import { redact } from '../http/redact.ts';
import type { MeasuringOptions } from './measuring.ts';

type Question = Extract<FromMeasure, { type: 'needKey' | 'ask' | 'cancelAsk' }>;

/** Answers what a measuring process asks its parent: for fresh keys, and to ask VS Code's own models. */
export function answerMeasure(
  { refreshKey, askModel }: Pick<MeasuringOptions, 'refreshKey' | 'askModel'>,
  answer: (message: ToMeasure) => void,
): { receive(question: Question): void; giveUp(): void } {
  const asking = new Map<number, AbortController>();

  async function giveKey(endpoint: string): Promise<void> {
    try {
      answer({ type: 'key', endpoint, key: await refreshKey?.(endpoint) });
    } catch (error) {
      answer({ type: 'key', endpoint, failure: failureOf(error, 'auth') });
    }
  }

  async function ask({ id, model, prompt, maxTokens }: Extract<Question, { type: 'ask' }>): Promise<void> {
    const giveUp = new AbortController();
    asking.set(id, giveUp);
    try {
      if (!askModel) throw new Failure({ code: 'usage', message: onlyInVscode });
      const onText = (text: string) => {
        if (!giveUp.signal.aborted) answer({ type: 'askText', id, text });
      };
      const { tokens } = await askModel({ model, prompt, maxTokens }, onText, giveUp.signal);
      answer({ type: 'askEnd', id, tokens });
    } catch (error) {
      answer({ type: 'askEnd', id, failure: failureOf(error, 'server') });
    } finally {
      asking.delete(id);
    }
  }

  return {
    receive(question) {
      if (question.type === 'needKey') void giveKey(question.endpoint);
      else if (question.type === 'ask') void ask(question);
      else asking.get(question.id)?.abort();
    },
    giveUp() {
      for (const giveUp of asking.values()) giveUp.abort();
    },
  };
}

/** Why VS Code's own models cannot be measured elsewhere. */
export const onlyInVscode =
  "VS Code's own models can only be asked inside VS Code. Run or resume this benchmark there, or leave those models out.";

/** What is no Failure comes from a library beneath (VS Code, a command line): its words are all there is. */
function failureOf(error: unknown, code: 'auth' | 'server'): { code: Failure['code']; message: string } {
  if (error instanceof Failure) return { code: error.code, message: error.message };
  return { code, message: redact(error instanceof Error ? error.message : String(error), []).slice(0, 400) };
}
