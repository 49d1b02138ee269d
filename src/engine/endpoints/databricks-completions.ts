import type { Adapter, HttpRequest } from './adapter.ts';
import type { ChatRequest, ChatTarget } from './chat.ts';
import { clientRequestId, invocationsUrl } from './databricks-chat.ts';
import { bearerHeaders } from './openai.ts';
import {
  completionBatchBody,
  completionBody,
  completionForm,
  promptOf,
  readCompletions,
} from './openai-completions.ts';

/** Text completion models of a Databricks workspace: the answers are OpenAI's, the address and the request's id its own. */
export const databricksCompletions: Adapter = {
  buildRequest: (target, key, request) =>
    invocation(target, key, request, completionBody(request, promptOf(request.messages))),
  answerForm: completionForm,
  batch: {
    buildRequest(target, key, requests) {
      const body = completionBatchBody(requests);
      const [{ model, requestId } = { model: '' }]: readonly Pick<ChatRequest, 'model' | 'requestId'>[] = requests;
      return invocation(target, key, { model, requestId }, body);
    },
    read: readCompletions,
  },
};

function invocation(
  target: ChatTarget,
  key: string | undefined,
  { model, requestId }: Pick<ChatRequest, 'model' | 'requestId'>,
  body: Record<string, unknown>,
): HttpRequest {
  return {
    method: 'POST',
    url: invocationsUrl(target, model),
    headers: bearerHeaders(key, requestId),
    body: JSON.stringify({ ...clientRequestId(requestId), ...body }),
  };
}
