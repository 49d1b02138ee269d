import { describe, expect, it } from 'vitest';
import type { WorkspaceEndpoint } from '../engine/databricks/serving.ts';
import { servingTooltip } from './serving-words.ts';

const endpoint: WorkspaceEndpoint = {
  name: 'databricks-gpt-oss-120b',
  displayName: 'GPT OSS 120B',
  task: 'chat',
  kind: 'foundation',
  readiness: 'ready',
  scaledToZero: false,
  mayScaleToZero: false,
  entities: [{ name: 'oss', entity: 'system.ai.gpt-oss-120b', traffic: 100, scaledToZero: false }],
  capabilities: ['function_calling', 'long_context'],
  apiTypes: ['mlflow/v1/chat/completions', 'openai/v1/responses'],
  notes: ['Its price differs from the list.', 'Another $(note).'],
};

describe('the tooltip of a serving endpoint', () => {
  it('names every capability, interface and note in full, and makes icons inert', () => {
    const lines = servingTooltip(endpoint).split('\n');
    expect(lines).toContain('Capabilities: function_calling, long_context');
    expect(lines).toContain('Interfaces: mlflow/v1/chat/completions, openai/v1/responses');
    expect(lines.slice(-2)).toEqual(['Its price differs from the list.', 'Another ＄(note).']);
    expect(lines).toContain('Price unknown');
  });
});
