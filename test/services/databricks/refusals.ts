import { randomUUID } from 'node:crypto';

/** An answer that is not 2xx, as the workspace words it. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: object | string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, body: object | string, headers: Readonly<Record<string, string>> = {}) {
    super(`${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** The workspace's own form of an error. */
function apiError(status: number, error_code: string | number, message: string): Refusal {
  return new Refusal(status, { error_code, message });
}

/** As serving adds them to its errors. */
function withRequestInfo(status: number, error_code: string, message: string): Refusal {
  const info = { '@type': 'type.googleapis.com/google.rpc.RequestInfo', request_id: randomUUID(), serving_data: '' };
  return new Refusal(status, { error_code, message, details: [info] });
}

/**
 * Refusals as they were seen in public reports and in the documentation; those marked "wording ours" have a documented
 * status and code, but no text of them was found.
 */
export const refusals = {
  /** The front door says the status where others say a code. */
  noCredential: () =>
    new Refusal(
      401,
      {
        error_code: 401,
        message: `Credential was not sent or was of an unsupported type for this API. [ReqId: ${randomUUID()}]`,
      },
      { 'www-authenticate': 'Bearer realm="DatabricksRealm"' },
    ),
  /** A personal access token that is wrong: 403, not 401. */
  wrongToken: () =>
    new Refusal(
      403,
      { error_code: 403, message: `Invalid access token. [ReqId: ${randomUUID()}]` },
      { 'x-databricks-reason-phrase': 'Invalid access token.' },
    ),
  /** Wording ours. */
  expiredToken: () => apiError(401, 'UNAUTHENTICATED', 'The access token expired.'),
  notAllowed: (what: 'View' | 'Query', name: string) =>
    withRequestInfo(403, 'PERMISSION_DENIED', `User does not have permission '${what}' on Endpoint ${name}`),
  noSuchEndpoint: (name: string) =>
    withRequestInfo(404, 'RESOURCE_DOES_NOT_EXIST', `Endpoint with name '${name}' does not exist.`),
  noSuchModelService: (name: string) =>
    apiError(404, 'RESOURCE_DOES_NOT_EXIST', `Model service '${name}' does not exist.`),
  /** Wording ours. */
  noSuchServedModel: (entity: string, name: string) =>
    apiError(404, 'RESOURCE_DOES_NOT_EXIST', `Served model '${entity}' does not exist on endpoint '${name}'.`),
  alreadyExists: (name: string) =>
    apiError(409, 'RESOURCE_ALREADY_EXISTS', `Serving endpoint with name ${name} already exists`),
  /** Wording ours. */
  updating: (name: string) =>
    apiError(409, 'RESOURCE_CONFLICT', `Endpoint ${name} is being updated; wait until the update has ended.`),
  invalid: (message: string) => apiError(400, 'INVALID_PARAMETER_VALUE', message),
  badRequest: (message: string) => apiError(400, 'BAD_REQUEST', message),
  /** Llama on the model server itself; plain text, as it was seen. */
  tooManyTokens: (asked: number, most: number) =>
    new Refusal(
      400,
      `Bad request: rpc error: code = InvalidArgument desc = max_tokens (${asked}) cannot exceed ${most}. Please reduce the length of max output tokens generated.\n`,
      { 'content-type': 'text/plain' },
    ),
  tooLarge: (bytes: number) => apiError(400, 'BAD_REQUEST', `Request size cannot exceed ${bytes} bytes`),
  /** Wording ours. */
  suspended: (name: string) => apiError(400, 'INVALID_STATE', `Endpoint ${name} is suspended.`),
  unavailable: () => apiError(503, 'TEMPORARILY_UNAVAILABLE', 'No webapps are available to handle your request'),
  rateLimited: (what: string, name: string, wall: { retryAfterSeconds?: number | undefined }) =>
    new Refusal(
      429,
      {
        error_code: 'REQUEST_LIMIT_EXCEEDED',
        message: `Exceeded workspace ${what} rate limit for ${name}. ${
          what === 'QPS'
            ? 'Please use a provisioned throughput Foundation Model APIs endpoint for a higher rate limit.'
            : 'Work with your Databricks account team to request a higher FMAPI rate limit tier.'
        }`,
      },
      wall.retryAfterSeconds === undefined ? {} : { 'retry-after': String(wall.retryAfterSeconds) },
    ),
  /** A limit that the owner of an endpoint has set; wording ours. */
  gatewayLimited: (name: string) =>
    apiError(429, 'RATE_LIMIT_EXCEEDED', `The AI Gateway rate limit of endpoint ${name} is exceeded.`),
  /** The proxy before the workspace. */
  proxyPage: (status: number) =>
    new Refusal(
      status,
      '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n',
      { 'content-type': 'text/html; charset=utf-8' },
    ),
  noSuchApi: () => apiError(404, 'ENDPOINT_NOT_FOUND', 'No API found for this method and path.'),
};
