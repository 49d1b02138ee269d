import { describe, expect, it } from 'vitest';
import { isSameEndpoint } from './planned-endpoint.ts';

describe('the endpoint in a run’s folder', () => {
  const workspace = { protocol: 'databricks', baseUrl: 'https://dbc-1.cloud.databricks.com' } as const;

  it('is the configured one at the same address with the same protocol', () => {
    expect(isSameEndpoint(workspace, { ...workspace, baseUrl: `${workspace.baseUrl}/` })).toBe(true);
  });

  it('is another one at another address', () => {
    expect(isSameEndpoint(workspace, { ...workspace, baseUrl: 'https://evil.example' })).toBe(false);
  });

  it('is another one with another protocol: a workspace’s key is not for its address alone', () => {
    expect(isSameEndpoint(workspace, { ...workspace, protocol: 'openai' })).toBe(false);
  });
});
