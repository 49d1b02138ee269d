import type { Adapter } from './adapter.ts';
import type { ChatTarget } from './chat.ts';
import { bearerHeaders, chatBody, chatCompletionForm } from './openai.ts';

/**
 * Chat models of a Databricks workspace. Its answers are chat completions with content that may be a list of items,
 * usage on any chunk and frames of its own in between, all of which `chatCompletionForm` reads. The workspace client
 * lists what is served.
 */
export const databricksChat: Adapter = {
  buildRequest(target, key, request) {
    const inGateway = isModelService(request.model);
    return {
      method: 'POST',
      url: inGateway
        ? `${target.baseUrl}/ai-gateway/mlflow/v1/chat/completions`
        : invocationsUrl(target, request.model),
      headers: bearerHeaders(key, request.requestId),
      body: JSON.stringify({
        ...(inGateway ? { model: request.model } : clientRequestId(request.requestId)),
        ...chatBody(request, 'max_tokens'),
      }),
    };
  },
  answerForm: chatCompletionForm,
};

/** Model services of the AI gateway have names of three parts (`system.ai.…`); names of serving endpoints hold no dot. */
export function isModelService(model: string): boolean {
  return model.includes('.');
}

/** Where a serving endpoint of a workspace is asked. */
export function invocationsUrl({ baseUrl }: ChatTarget, endpoint: string): string {
  return `${baseUrl}/serving-endpoints/${encodeURIComponent(endpoint)}/invocations`;
}

/** By which a request is found again in the workspace's inference and usage tables. */
export function clientRequestId(requestId: string | undefined): { client_request_id?: string } {
  return requestId === undefined ? {} : { client_request_id: requestId };
}
