import { Failure, type FailureDetail } from '../../core/failure.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';
import type { ModelQuestion } from './measuring.ts';
import type { Parent } from './parent.ts';

/** UTF-16 units; what is longer is not an answer. */
const longestAnswer = 64 * 1024 * 1024;

/**
 * Asks one of VS Code's own models through the parent process. Times are those of arrival in this process, so VS Code's
 * queues and the way between the processes are in them; chunks are pieces of text of any size. Never rejects.
 */
export async function askVscodeModel(
  parent: Parent,
  now: () => number,
  question: ModelQuestion,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ChatOutcome> {
  const ending = new AbortController();
  const cancel = () => ending.abort(signal.reason);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel);
  const timer = setTimeout(() => ending.abort(timedOut(question.model, timeoutMs)), timeoutMs);
  const sent = now();
  let firstToken: number | undefined;
  let lastToken: number | undefined;
  let text = '';
  let chunks = 0;
  const onText = (piece: string) => {
    if (piece === '') return;
    lastToken = now();
    firstToken ??= lastToken;
    text += piece;
    chunks++;
    if (text.length > longestAnswer) {
      ending.abort(new Failure({ code: 'too-large', message: 'The answer grew too large and was stopped.' }));
    }
  };
  const { failure, tokens } = await parent.ask(question, onText, ending.signal);
  const end = now();
  clearTimeout(timer);
  signal.removeEventListener('abort', cancel);
  const nothing = chunks === 0 ? empty : undefined;
  return {
    // Only the run itself gives a request up; elsewhere it is VS Code that ended it.
    failure: failure?.code === 'cancelled' && !signal.aborted ? { ...failure, code: 'server' } : (failure ?? nothing),
    text,
    reasoning: '',
    toolCalls: [],
    usage: tokens,
    times: { sent, headers: undefined, firstToken, firstVisible: firstToken, lastToken, end },
    chunks,
    simulated: false,
  };
}

const empty: FailureDetail = { code: 'empty', message: 'The model answered without a single piece of text.' };

function timedOut(model: string, timeoutMs: number): Failure {
  return new Failure({
    code: 'timeout',
    message: `VS Code's model ${model} did not finish its answer within ${(timeoutMs / 1000).toLocaleString('en-US')} s. Raise the time limit or ask for fewer tokens.`,
  });
}
