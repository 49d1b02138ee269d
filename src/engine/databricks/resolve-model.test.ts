import { describe, expect, it } from 'vitest';
import { resolveModel } from './resolve-model.ts';
import type { WorkspaceEndpoint } from './serving.ts';

const endpoint = (name: string, more: Partial<WorkspaceEndpoint> = {}): WorkspaceEndpoint => ({
  name,
  task: /gte|bge|embedding/.test(name) ? 'embeddings' : 'chat',
  kind: name.startsWith('databricks-') ? 'foundation' : 'custom',
  readiness: 'ready',
  scaledToZero: false,
  mayScaleToZero: false,
  entities: [],
  capabilities: [],
  apiTypes: [],
  notes: [],
  ...more,
});

const llama33 = endpoint('databricks-meta-llama-3-3-70b-instruct', {
  entities: [{ name: 'x', entity: 'system.ai.llama_v3_3_70b_instruct', scaledToZero: false }],
});
const today = [
  endpoint('my-llama-3-1-70b'),
  endpoint('databricks-claude-opus-4-8'),
  endpoint('databricks-claude-opus-4-7'),
  endpoint('databricks-claude-sonnet-4-6'),
  endpoint('databricks-claude-haiku-4-5'),
  endpoint('databricks-gpt-oss-120b'),
  endpoint('databricks-gpt-oss-20b'),
  endpoint('databricks-llama-4-maverick'),
  llama33,
  endpoint('databricks-meta-llama-3-1-8b-instruct'),
  endpoint('databricks-gemma-3-12b'),
  endpoint('databricks-gte-large-en'),
  endpoint('databricks-qwen3-embedding-0-6b'),
];

describe('the name of a model', () => {
  it.each<[string, string | undefined, string, RegExp]>([
    // the course
    [
      'databricks-meta-llama-3-1-8b-instruct',
      'databricks-meta-llama-3-1-8b-instruct',
      'exact',
      /^The workspace serves/,
    ],
    [
      'databricks-meta-llama-3-1-70b-instruct',
      llama33.name,
      'successor',
      /retired on 2024-12-11.*Llama 3\.3 70B took its place/,
    ],
    ['databricks-dbrx-instruct', 'databricks-llama-4-maverick', 'successor', /DBRX was retired/],
    ['databricks-mixtral-8x7b-instruct', 'databricks-llama-4-maverick', 'successor', /Mixtral 8x7B was retired/],
    ['databricks-llama-2-70b-chat', llama33.name, 'successor', /Llama 2 70B was retired/],
    ['databricks-mpt-7b-instruct', 'databricks-meta-llama-3-1-8b-instruct', 'successor', /MPT was retired/],
    // the same model under other names
    ['meta-llama/Llama-3.3-70B-Instruct', llama33.name, 'same', /is served as/],
    ['system.ai.llama_v3_3_70b_instruct', llama33.name, 'same', /is served as/],
    ['gpt-oss-20b', 'databricks-gpt-oss-20b', 'same', /is served as/],
    // the general rule
    ['claude-opus-5', 'databricks-claude-opus-4-8', 'nearest', /the same family \(claude opus\)/],
    ['databricks-claude-3-haiku', 'databricks-claude-haiku-4-5', 'nearest', /claude haiku/],
    ['gemma-2-9b', 'databricks-gemma-3-12b', 'nearest', /family \(gemma\), 12B parameters against 9B/],
    ['mistral-7b-instruct', 'databricks-meta-llama-3-1-8b-instruct', 'nearest', /8B parameters against 7B/],
    ['databricks-bge-large-en', undefined, 'none', /no embedding model/],
    ['qwen3-embedding-4b', 'databricks-qwen3-embedding-0-6b', 'nearest', /family \(qwen\)/],
    ['gpt-4o', undefined, 'none', /no chat model that is ready comes close.*It has: databricks-claude-opus-4-8/],
    ['', undefined, 'none', /comes close/],
  ])('%s is %s (%s)', (wanted, name, how, reason) => {
    const found = resolveModel(wanted, today);
    expect([found.endpoint?.name, found.how]).toEqual([name, how]);
    expect(found.reason).toMatch(reason);
  });

  it('passes over a successor that is not served or not ready, and says so', () => {
    const without = today.filter((one) => one !== llama33);
    const updating = [...without, { ...llama33, readiness: 'updating' as const }];
    for (const served of [without, updating]) {
      const found = resolveModel('databricks-meta-llama-3-1-70b-instruct', served);
      expect(found).toMatchObject({ how: 'successor', endpoint: { name: 'databricks-llama-4-maverick' } });
      expect(found.reason).toMatch(/closest successor is not served here/);
    }
  });

  it('that is the very one wins, and it is told when it cannot be asked now', () => {
    const asleep = endpoint('mine', { scaledToZero: true, mayScaleToZero: true });
    expect(resolveModel('mine', [asleep]).reason).toMatch(/sleeps now/);
    expect(resolveModel('mine', [endpoint('mine', { readiness: 'updating' })]).reason).toMatch(/It is updating now/);
  });

  it('means nothing in an empty workspace', () => {
    expect(resolveModel('databricks-dbrx-instruct', [])).toEqual({
      how: 'none',
      reason: 'DBRX was retired, and no chat model that is ready comes close to it.',
    });
  });

  it('is shown as plain text, and answered quickly however long', () => {
    expect(resolveModel(`evil\u202e${'-1b'.repeat(50_000)}`, today).reason.length).toBeLessThan(1500);
    expect(resolveModel('evil\u202ename', today).reason).not.toContain('\u202e');
  });
});
