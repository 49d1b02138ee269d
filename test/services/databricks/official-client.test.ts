import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepare } from '../python.ts';
import { startWorkspace, type Workspace } from './workspace.ts';

const run = promisify(execFile);
const prepared = await prepare({ name: 'databricks-sdk', installs: [['databricks-sdk==0.156.0']], limitMs: 120_000 });
const { missing } = prepared;

/** Our idea of a workspace, looked at by the client of who makes workspaces. */
describe.skipIf(missing !== undefined)(
  missing === undefined ? "the stand-in for a workspace, before Databricks' own client" : `skipped: ${missing}`,
  () => {
    const bin = 'bin' in prepared ? prepared.bin : '';
    let workspace: Workspace;
    let home: string;
    beforeEach(async () => {
      workspace = await startWorkspace({ clockRate: 600 });
      home = mkdtempSync(join(tmpdir(), 'tierwise-home-'));
    });
    afterEach(async () => {
      await workspace.stop();
      rmSync(home, { recursive: true, force: true });
    });

    async function asked(what: string, auth: Record<string, string>): Promise<any> {
      const env = {
        PATH: process.env.PATH ?? '',
        HOME: home,
        NO_PROXY: '127.0.0.1',
        DATABRICKS_HOST: workspace.host,
        ...auth,
      };
      const script = join(import.meta.dirname, 'official-client.py');
      const { stdout } = await run(join(bin, 'python'), [script, what], { env, timeout: 120_000 });
      return JSON.parse(stdout);
    }

    it.each(['pat', 'oauth-m2m'])('is listed, described and queried by it, signed in with %s', async (kind) => {
      const { id, secret } = workspace.oauthClient;
      const found = await asked(
        'reading',
        kind === 'pat'
          ? { DATABRICKS_TOKEN: workspace.token }
          : { DATABRICKS_CLIENT_ID: id, DATABRICKS_CLIENT_SECRET: secret },
      );
      expect(found.auth).toBe(kind);
      expect(found.listed).toMatchObject({ 'mas-agent-endpoint': 'agent/v1/responses', 'my-custom-endpoint': null });
      expect(found.entity).toBe('system.ai.gpt-oss-120b');
      expect(found.chat).toEqual([expect.stringMatching(/^Spark splits/), 8, 'databricks-meta-llama-3-1-8b-instruct']);
      expect(found.vectors).toEqual([16, 16]);
      expect(found.rows).toEqual(['3 characters']);
      expect(found.served).toBe('my_model-3');
      expect(found.absent.slice(0, 2)).toEqual(['ResourceDoesNotExist', 'RESOURCE_DOES_NOT_EXIST']);
    });

    it('deploys, updates and removes an endpoint for it, which waits until each is done', async () => {
      const done = await asked('deploying', { DATABRICKS_TOKEN: workspace.token });
      const ready = (version: number) => ({
        ready: 'READY',
        update: 'NOT_UPDATING',
        entities: [[`answers-${version}`, 'DEPLOYMENT_READY']],
        traffic: [[`answers-${version}`, 100]],
      });
      expect(done.made).toEqual(ready(1));
      expect(done.again.slice(0, 2)).toEqual(['ResourceAlreadyExists', 'RESOURCE_ALREADY_EXISTS']);
      expect(done.busy.slice(0, 2)).toEqual(['ResourceConflict', 'RESOURCE_CONFLICT']);
      expect(done.updated).toEqual(ready(2));
      expect(done.log).toContain('Successfully built');
      expect(done.deleted[1]).toBe('RESOURCE_DOES_NOT_EXIST');
    });
  },
);
