import { Failure, type FailureDetail } from '../../core/failure.ts';
import { keyForOrigin } from '../http/base-url.ts';
import type { Transport } from '../http/transport.ts';
import { adapterFor } from './adapters.ts';
import { knownReason, withoutKey } from './call.ts';
import type { ChatRequest, ChatTarget, ChatTimes, Usage } from './chat.ts';
import { type CallOptions, exchangeWhole } from './exchange.ts';
import { parseJson } from './failures.ts';

/** What came of one HTTP request with several prompts. */
export interface BatchOutcome {
  readonly failure?: FailureDetail | undefined;
  /** HTTP status, when headers arrived. */
  readonly status?: number | undefined;
  /** One for each prompt, in their order; none on failure. */
  readonly answers: readonly { readonly text: string; readonly finishReason?: string | undefined }[];
  /** Over all prompts: servers do not say which prompt took how much. */
  readonly usage?: Usage | undefined;
  readonly times: Pick<ChatTimes, 'sent' | 'headers' | 'end'>;
  readonly simulated: boolean;
}

/** Whether the protocol can ask several prompts of such a model at once. */
export function hasBatchForm({ protocol }: Pick<ChatTarget, 'protocol'>, { task }: Pick<ChatRequest, 'task'>): boolean {
  return adapterFor(protocol, task).batch !== undefined;
}

/**
 * Asks several prompts in one request; all share everything but their messages. Never rejects because of the endpoint:
 * the batch succeeds or fails as a whole, and `failure` says why.
 * @throws Failure `config` where the protocol has no such form, `usage` for no prompts
 */
export async function callBatch(
  transport: Transport,
  target: ChatTarget,
  requests: readonly ChatRequest[],
  options: CallOptions,
): Promise<BatchOutcome> {
  const [first] = requests;
  if (first === undefined) throw new Failure({ code: 'usage', message: 'A batch needs at least one prompt.' });
  const { batch } = adapterFor(target.protocol, first.task);
  if (batch === undefined) {
    throw new Failure({
      code: 'config',
      message: `The protocol ${target.protocol} asks one prompt in a request: leave the batch size out.`,
    });
  }
  const key = keyForOrigin(target.key, target.baseUrl);
  const secrets = key === undefined ? [] : [key];
  const request = batch.buildRequest(target, key, requests);
  const { failure, status, headers, sentAt, headersAt, endAt, value } = await exchangeWhole(
    transport,
    target,
    key,
    request,
    options,
    (text) => batch.read(parseJson(text), requests.length, secrets),
  );
  return {
    failure,
    status,
    answers: (value?.answers ?? []).map(({ text, finishReason }) => ({
      text: withoutKey(text, secrets),
      finishReason: finishReason === undefined ? undefined : knownReason(finishReason, secrets),
    })),
    usage: value?.usage,
    times: { sent: sentAt, headers: headersAt, end: endAt },
    simulated: headers['x-tierwise-simulated'] !== undefined,
  };
}
