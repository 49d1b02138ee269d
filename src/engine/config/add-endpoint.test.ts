import { describe, expect, it } from 'vitest';
import { addToConfig } from './add-endpoint.ts';
import { parseConfig } from './load.ts';
import { configuredModels } from './models.ts';
import type { ConfiguredEndpoint } from './schema.ts';

const workspace: ConfiguredEndpoint = {
  id: 'ws',
  protocol: 'databricks',
  baseUrl: 'https://dbc-1.cloud.databricks.com',
  auth: { profile: 'p' },
  models: [{ id: 'a', inputPrice: 1, outputPrice: 2, priceSource: 'workspace', priceAsOf: '2026-11-24' }, { id: 'b' }],
};

const file = `// mine
{
    /* where models are */
    "endpoints": [
        { "id": "local", "protocol": "openai", "baseUrl": "http://localhost:8000/v1", "models": [] }, // the first
    ],
    "preference": "cost" // cheap
}
`;

describe('adding an endpoint to a configuration', () => {
  it('keeps every comment and the way the file is written', () => {
    const { text, id, newModels } = addToConfig(file, workspace, 'x.json');
    expect([id, newModels]).toEqual(['ws', 2]);
    for (const kept of ['// mine\n{', '/* where models are */', '// the first', '"preference": "cost" // cheap']) {
      expect(text).toContain(kept);
    }
    expect(text).toMatch(/\n {8}\{\n {12}"id": "ws"/);
    expect(parseConfig(text, 'x').endpoints.map((endpoint) => endpoint.id)).toEqual(['local', 'ws']);
  });

  it('twice changes nothing the second time', () => {
    const once = addToConfig(file, workspace, 'x.json').text;
    const today = { ...workspace.models[0]!, priceAsOf: '2026-11-25' };
    expect(addToConfig(once, { ...workspace, models: [today] }, 'x.json')).toEqual({
      text: once,
      id: 'ws',
      newModels: 0,
      newPrices: 0,
      keptPrices: 0,
    });
  });

  it('adds what is new, renews prices that nobody typed, and leaves those that somebody did', () => {
    const once = addToConfig(
      '',
      { ...workspace, models: [...workspace.models, { id: 'typed', inputPrice: 9 }] },
      'x',
    ).text;
    const later = { priceSource: 'workspace' as const, priceAsOf: '2026-12-01' };
    const added = addToConfig(
      once,
      {
        ...workspace,
        id: 'other-name',
        auth: { profile: 'q' },
        models: [
          { id: 'a', inputPrice: 3, outputPrice: 2, ...later },
          { id: 'typed', inputPrice: 1, outputPrice: 1, ...later },
          { id: 'c', ...later },
          { id: 'd' },
        ],
      },
      'x',
    );
    expect(added).toMatchObject({ id: 'ws', newModels: 2, newPrices: 1 });
    expect(parseConfig(added.text, 'x').endpoints).toEqual([
      {
        ...workspace,
        models: [
          { id: 'a', inputPrice: 3, outputPrice: 2, ...later },
          { id: 'b' },
          { id: 'typed', inputPrice: 9 },
          { id: 'c', ...later },
          { id: 'd' },
        ],
      },
    ]);
  });

  it('loses no price that a newer list lacks, and says so', () => {
    const once = addToConfig('', workspace, 'x').text;
    const later = { id: 'a', inputPrice: 3, priceSource: 'workspace' as const, priceAsOf: '2026-12-01' };
    const added = addToConfig(once, { ...workspace, models: [later] }, 'x');
    expect(added).toEqual({ text: once, id: 'ws', newModels: 0, newPrices: 0, keptPrices: 1 });
  });

  it('leaves the price of cached tokens that a person typed, and calls it the person’s own', () => {
    const typed = { ...workspace, models: [{ id: 'a', cachedInputPrice: 0.1 }] };
    const { text } = addToConfig(addToConfig('', typed, 'x').text, workspace, 'x');
    const [model] = configuredModels(parseConfig(text, 'x').endpoints);
    expect(model).toMatchObject({
      inputPrice: { value: 1, provenance: 'workspace', asOf: '2026-11-24' },
      cachedInputPrice: { value: 0.1, provenance: 'user' },
    });
    expect(model?.cachedInputPrice).not.toHaveProperty('asOf');
  });

  it('makes a file where there is none', () => {
    expect(parseConfig(addToConfig(' \n', workspace, 'x').text, 'x').endpoints).toEqual([workspace]);
  });

  it('refuses a name that another address has, and a file with a mistake', () => {
    expect(() => addToConfig(file, { ...workspace, id: 'local' }, 'x.json')).toThrow(
      /x\.json has an endpoint "local" at another address.*--id/,
    );
    expect(() => addToConfig('{"endpoints": 1}', workspace, 'x.json')).toThrow(
      /x\.json:1:15: endpoints: must be a list/,
    );
  });

  it('keeps tabs and Windows line ends', () => {
    const { text } = addToConfig('{\r\n\t"endpoints": []\r\n}\r\n', workspace, 'x');
    expect(text).toMatch(/\r\n\t\t\{\r\n/);
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  });
});
