import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveSignIn } from '../../../src/engine/databricks/auth.ts';
import { listModelServices } from '../../../src/engine/databricks/model-services.ts';
import { getServingEndpoint, listServingEndpoints } from '../../../src/engine/databricks/serving.ts';
import type { TokenSource } from '../../../src/engine/databricks/token.ts';
import { createUndiciTransport } from '../../../src/engine/http/undici-transport.ts';
import { startWorkspace, type Workspace } from './workspace.ts';

describe('what a workspace serves', () => {
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 4 });
  let workspace: Workspace;
  let source: TokenSource;
  beforeEach(async () => {
    workspace = await startWorkspace();
    source = await resolveSignIn({ host: workspace.host, token: workspace.token }, { transport, env: {} });
  });
  afterEach(() => workspace.stop());

  const entity = (version: string) => ({ served_entities: [{ entity_name: 'main.ml.m', entity_version: version }] });
  const readiness = async () => (await getServingEndpoint(transport, source, 'made')).readiness;

  it('is ready only when it answers and no change is under way', async () => {
    workspace.serving.create({ name: 'made', config: entity('1') }, 'user@example.com');
    expect(await readiness()).toBe('updating');
    workspace.advance(600_000);
    expect(await readiness()).toBe('ready');
    workspace.serving.update('made', entity('2'));
    expect(await readiness()).toBe('updating');
    workspace.advance(600_000);
    expect(await readiness()).toBe('ready');
    workspace.serving.failNextDeployment = true;
    workspace.serving.update('made', entity('3'));
    workspace.advance(600_000);
    expect(await readiness()).toBe('update failed');
    workspace.serving.suspend('made');
    expect(await readiness()).toBe('suspended');
  });

  it('is told asleep or awake, though the list itself does not say it', async () => {
    const asleep = async () =>
      (await listServingEndpoints(transport, source))
        .filter(({ scaledToZero }) => scaledToZero)
        .map(({ name }) => name);
    expect(await asleep()).toEqual([]);
    workspace.advance(30 * 60_000);
    expect(await asleep()).toEqual(['my-custom-endpoint', 'my-sleepy-llm']);
  });

  it('asks for one endpoint in full only where the list does not tell all', async () => {
    await listServingEndpoints(transport, source);
    const asked = workspace.requests.slice(1).map(({ path }) => path.split('/').at(-1));
    expect(asked.toSorted()).toEqual(['my-completions', 'my-custom-endpoint', 'my-sleepy-llm']);
  });

  it('has the price of a rate that is not the usual one, with a note, and none where none is shown or known', async () => {
    const listed = await listServingEndpoints(transport, source);
    const named = (wanted: string) => listed.find(({ name }) => name === wanted)!;
    const claude = named('databricks-claude-sonnet-4-5');
    expect(claude.prices).toMatchObject({ outputUsd: 22.5, source: 'workspace' });
    expect(named('my-gpt-4o-mini')).toMatchObject({ kind: 'external', task: 'chat', prices: undefined });
    expect(named('my-sleepy-llm').prices).toBeUndefined();
  });

  it('has model services under names with dots', async () => {
    const services = await listModelServices(transport, source);
    expect(services.map(({ name, task }) => [name, task])).toEqual([
      ['system.ai.gpt-oss-120b', 'chat'],
      ['system.ai.claude-sonnet-4-5', 'chat'],
      ['system.ai.gte-large-en', 'embeddings'],
    ]);
    expect(await listModelServices(transport, source, { schema: 'main.llms' })).toMatchObject([
      { name: 'main.llms.assistant' },
    ]);
  });
});
