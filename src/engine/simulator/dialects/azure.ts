import { event, type Vendor } from '../dialect.ts';
import { chatDialect } from './openai-chat.ts';
import { completionsDialect } from './openai-completions.ts';
import { embeddingsDialect } from './openai-embeddings.ts';
import { responsesDialect } from './openai-responses.ts';

/** Azure OpenAI: its own header for the key, its own errors, and a content filter that speaks first. */
export const azureVendor: Vendor = {
  keyHeaders: { 'api-key': '', authorization: 'Bearer ' },
  headers: (requestId) => ({ 'apim-request-id': requestId }),
  refuse({ status, message, param, code, type }) {
    if (code === 'model_not_found') {
      const said = `The API deployment for this resource does not exist (simulated). ${message}`;
      return { status, body: { error: { code: 'DeploymentNotFound', message: said } } };
    }
    if (status === 401 || code === 'unknown_url') return { status, body: { error: { code: String(status), message } } };
    if (status === 429) return { status, body: { error: { code: '429', message } } };
    return { status, body: { error: { message, type, param, code } } };
  },
};

const unfiltered = { filtered: false, severity: 'safe' };

/** The deployment stands in the path; the answer names the model behind it. A stream begins with an event of the filter. */
export const azureChat = chatDialect(azureVendor, {
  model: (answer) => answer.servedModel,
  preface: () =>
    event({
      id: '',
      object: '',
      created: 0,
      model: '',
      simulated: true,
      choices: [],
      prompt_filter_results: [
        {
          prompt_index: 0,
          content_filter_results: { hate: unfiltered, self_harm: unfiltered, sexual: unfiltered, violence: unfiltered },
        },
      ],
    }),
});

export const azureCompletions = completionsDialect(azureVendor);
export const azureEmbeddings = embeddingsDialect(azureVendor);
export const azureResponses = responsesDialect(azureVendor);
