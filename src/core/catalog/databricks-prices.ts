// Generated from databricks-prices.tsv by `npm run generate`. Do not edit.
import type { DbuPrice } from './databricks.ts';

/** DBU per million tokens, by the name of the serving endpoint. */
export const databricksPrices: Readonly<Record<string, DbuPrice>> = {
  'databricks-claude-opus-4-7': { inputDbu: 71.429, outputDbu: 357.143 },
  'databricks-claude-opus-4-6': { inputDbu: 71.429, outputDbu: 357.143 },
  'databricks-claude-opus-4-5': { inputDbu: 71.429, outputDbu: 357.143 },
  'databricks-claude-opus-4-1': { inputDbu: 214.286, outputDbu: 1071.42 },
  'databricks-claude-sonnet-4-6': { inputDbu: 42.857, outputDbu: 214.286 },
  'databricks-claude-sonnet-4-5': { inputDbu: 42.857, outputDbu: 321.429 },
  'databricks-claude-sonnet-4': { inputDbu: 42.857, outputDbu: 214.286 },
  'databricks-claude-haiku-4-5': { inputDbu: 14.286, outputDbu: 71.429 },
  'databricks-gpt-oss-120b': { inputDbu: 2.143, outputDbu: 8.571 },
  'databricks-gpt-oss-20b': { inputDbu: 1, outputDbu: 4.286 },
  'databricks-qwen3-next-80b-a3b-instruct': { inputDbu: 2.143, outputDbu: 17.143 },
  'databricks-qwen35-122b-a10b': { inputDbu: 3.14285, outputDbu: 31.4285 },
  'databricks-llama-4-maverick': { inputDbu: 7.143, outputDbu: 21.429 },
  'databricks-meta-llama-3-3-70b-instruct': { inputDbu: 7.143, outputDbu: 21.429 },
  'databricks-meta-llama-3-1-8b-instruct': { inputDbu: 2.143, outputDbu: 6.429 },
  'databricks-gemma-3-12b': { inputDbu: 2.143, outputDbu: 7.143 },
  'databricks-gte-large-en': { inputDbu: 1.857, outputDbu: 1.857 },
  'databricks-bge-large-en': { inputDbu: 1.429, outputDbu: 1.429 },
  'databricks-qwen3-embedding-0-6b': { inputDbu: 0.286, outputDbu: 0.286 },
};
