import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandIds } from './command-ids.ts';
import { settingDefinitions } from './setting-definitions.ts';

const root = resolve(import.meta.dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { contributes } = manifest;
const properties: Record<string, { scope: string; order: number; default: unknown }> = Object.assign(
  {},
  ...contributes.configuration.map((group: { properties: object }) => group.properties),
);

const ofBenchmark = (name: string) => `benchmark.${name}`;

describe('what package.json contributes', () => {
  it('lists the commands that the code knows', () => {
    expect(contributes.commands.map(({ command }: { command: string }) => command)).toEqual([...commandIds]);
  });

  it('names in menus, welcome views and the walkthrough only commands and views that there are', () => {
    const named = [
      ...JSON.stringify([contributes.menus, contributes.viewsWelcome, contributes.walkthroughs]).matchAll(
        /tierwise\.\w+/g,
      ),
    ];
    const known = new Set<string>([
      ...commandIds,
      ...contributes.views.tierwise.map(({ id }: { id: string }) => id),
      ...contributes.submenus.map(({ id }: { id: string }) => id),
      'tierwise.simulatedRunning',
    ]);
    expect(named.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('keeps a workspace away from endpoints, ceilings, judges and stored answers', () => {
    const personal = [
      'endpoints',
      ...['maxCostUsd', 'maxTotalTokens', 'judge', 'embeddingModel', 'keepAnswers'].map(ofBenchmark),
    ];
    for (const name of personal) {
      expect(properties[`tierwise.${name}`]?.scope, name).toBe('application');
    }
  });

  it('ignores every other setting that shapes spending in a workspace that is not trusted', () => {
    const spending = Object.keys(properties).filter(
      (name) =>
        /\.(benchmark\.|tiers|preference|expectedOutputTokens)/.test(name) && properties[name]?.scope === 'window',
    );
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.toSorted()).toEqual(spending.toSorted());
  });

  it('lets no setting that a workspace may have name a file', () => {
    const open = JSON.stringify(Object.entries(properties).filter(([, { scope }]) => scope === 'window'));
    expect(open).toContain('searchRate');
    expect(open).not.toMatch(/"trace/);
  });

  it('gives every setting its place and a default that its schema accepts', () => {
    expect(new Set(Object.values(properties).map(({ order }) => order)).size).toBe(Object.keys(properties).length);
    for (const { schema, default: standard } of Object.values(settingDefinitions)) {
      expect(schema.safeParse(standard).success).toBe(true);
    }
  });

  it('names files that there are', () => {
    const files = [
      manifest.icon,
      contributes.viewsContainers.activitybar[0].icon,
      ...contributes.walkthroughs[0].steps.map(({ media }: { media: { markdown: string } }) => media.markdown),
      ...contributes.jsonValidation.map(({ url }: { url: string }) => url),
    ];
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});
