import { expect, it } from 'vitest';
import { namesModel, refinesModel } from './served-model.ts';

it.each([
  ['gpt-4o', 'gpt-4o-2024-08-06'],
  ['gpt-4', 'gpt-4-0613'],
  ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
  ['openai/gpt-4o', 'gpt-4o'],
  ['llama3', 'llama3:latest'],
  ['gemini-2.0-flash', 'gemini-2.0-flash-001'],
  ['databricks-meta-llama-3-3-70b-instruct', 'meta-llama-3.3-70b-instruct-121024'],
])('takes %s and %s for one model', (asked, served) => {
  expect(refinesModel(asked, served)).toBe(true);
});

it.each([
  ['gpt-4o', 'gpt-4o-mini'],
  ['gpt-4o', 'gpt-4o-mini-2024-07-18'],
  ['databricks-dbrx-instruct', 'meta-llama-3.3-70b-instruct-121024'],
  ['gpt-4o-2024-08-06', 'gpt-4o'],
  ['llama3', 'llama3.1'],
])('takes %s and %s for two', (asked, served) => {
  expect(refinesModel(asked, served)).toBe(false);
});

it('expects nothing of a name that somebody gave to a deployment', () => {
  expect(namesModel('azure-openai', 'my-deployment')).toBe(false);
  expect(namesModel('databricks', 'my-endpoint')).toBe(false);
  expect(namesModel('databricks', 'databricks-gpt-oss-20b')).toBe(true);
  expect(namesModel('openai', 'gpt-4o')).toBe(true);
});
