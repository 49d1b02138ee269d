/**
 * How an endpoint speaks. `vscode-lm` is no wire protocol: the models that VS Code itself offers, asked in its
 * extension host.
 */
export const protocols = [
  'openai',
  'openai-responses',
  'azure-openai',
  'anthropic',
  'ollama',
  'databricks',
  'vscode-lm',
] as const;

export type Protocol = (typeof protocols)[number];

/** What a model does, where its protocol serves several kinds; `chat` unless said. */
export const modelTasks = ['chat', 'completions', 'embeddings', 'pyfunc'] as const;

export type ModelTask = (typeof modelTasks)[number];

/** The form in which a custom (pyfunc) model takes its rows. */
export const pyfuncInputs = ['dataframe_split', 'dataframe_records', 'inputs', 'instances'] as const;

export type PyfuncInput = (typeof pyfuncInputs)[number];
