import type { Adapter } from './adapter.ts';
import type { ChatTarget } from './chat.ts';
import { bearerHeaders, chatBody, chatCompletionForm, readModelList } from './openai.ts';

/**
 * Azure OpenAI. With an `apiVersion` a model is its deployment, named in the address; without one, the newer address
 * `…/openai/v1` is asked, where the deployment stands in the body. The list is of the models that the resource offers:
 * names of deployments, which a person chooses, are not listed by Azure's inference address.
 */
export const azureOpenai: Adapter = {
  buildRequest(target, key, request) {
    return {
      method: 'POST',
      url: azureUrl(target, 'chat/completions', request.model),
      headers: azureHeaders(key, request.requestId),
      body: JSON.stringify({
        ...(target.apiVersion === undefined ? { model: request.model } : {}),
        ...chatBody(request, 'max_completion_tokens'),
      }),
    };
  },
  answerForm: chatCompletionForm,
  models: {
    buildRequest: (target, key) => ({ method: 'GET', url: azureUrl(target, 'models'), headers: azureHeaders(key) }),
    read: readModelList,
  },
};

/**
 * Address of an operation. The base may be the resource's origin (with the path of a gateway, if any) or, as Azure's
 * portal shows it, go on to `/openai`, `/openai/v1` or `/openai/deployments/NAME`.
 * @param deployment absent: the operation belongs to the resource
 */
export function azureUrl(target: ChatTarget, operation: string, deployment?: string): string {
  const resource = target.baseUrl.replace(/\/openai(?:\/v1|\/deployments\/[^/]+)?$/, '');
  if (target.apiVersion === undefined) return `${resource}/openai/v1/${operation}`;
  const path = deployment === undefined ? operation : `deployments/${encodeURIComponent(deployment)}/${operation}`;
  return `${resource}/openai/${path}?api-version=${encodeURIComponent(target.apiVersion)}`;
}

/** The key goes in a header of its own. */
export function azureHeaders(key: string | undefined, requestId?: string): Record<string, string> {
  return { ...bearerHeaders(undefined, requestId), ...(key === undefined ? {} : { 'api-key': key }) };
}
