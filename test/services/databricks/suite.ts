import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveKeys } from '../../../src/engine/config/keys.ts';
import { resolveSignIn } from '../../../src/engine/databricks/auth.ts';
import { toConfigured } from '../../../src/engine/databricks/configured.ts';
import {
  getServingEndpoint,
  listServingEndpoints,
  type WorkspaceEndpoint,
} from '../../../src/engine/databricks/serving.ts';
import type { TokenSource } from '../../../src/engine/databricks/token.ts';
import type { ChatTarget } from '../../../src/engine/endpoints/chat.ts';
import { callEmbeddings } from '../../../src/engine/endpoints/embeddings.ts';
import { createUndiciTransport } from '../../../src/engine/http/undici-transport.ts';
import { buildCli, type Cli, everythingIn, jsonLines } from '../../spawned-cli.ts';
import { type Asking, askingWith } from './asking.ts';

/** A workspace, and how one signs in to it. */
export interface Place {
  /** As a program would find it: DATABRICKS_HOST and what signs in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  stop?(): Promise<void>;
}

/** Answers are cut here: against a real workspace this suite costs a fraction of a cent. */
const maxTokens = 16;

/**
 * What must hold of every workspace, the stand-in or a real one: nothing is changed in it, and only the cheapest chat
 * model and one embedding model are asked, for a few tokens.
 */
export function describeWorkspace(name: string, setup: () => Promise<Place>): void {
  describe(name, () => {
    const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 4 });
    let place: Place;
    let source: TokenSource;
    let asking: Asking;
    let endpoints: WorkspaceEndpoint[];
    let cheapest: WorkspaceEndpoint;

    beforeAll(async () => {
      place = await setup();
      source = await resolveSignIn({}, { transport, env: place.env });
      endpoints = await listServingEndpoints(transport, source);
      cheapest = cheapestChat(endpoints);
      asking = askingWith(source.origin, (await source.token()).token);
    });
    afterAll(async () => {
      await asking?.transport.close();
      await transport.close();
      await place?.stop?.();
    });

    it('signs in to the workspace that the environment names', async () => {
      expect(new URL(source.origin).origin).toBe(source.origin);
      expect((await source.token()).token).not.toBe('');
      expect(source.described).not.toContain((await source.token()).token);
    });

    it('lists what the workspace serves, each with a task, its readiness, and prices only where they are known', () => {
      const names = endpoints.map((endpoint) => endpoint.name);
      expect(new Set(names).size).toBe(names.length);
      expect(endpoints.some(({ kind, readiness }) => kind === 'foundation' && readiness === 'ready')).toBe(true);
      for (const { prices } of endpoints) {
        if (!prices) continue;
        for (const usd of [prices.inputUsd, prices.outputUsd]) {
          if (usd === undefined) continue;
          expect(usd).toBeGreaterThan(0);
          expect(usd).toBeLessThan(1_000);
        }
        expect(prices.asOf).toMatch(/^20\d\d-\d\d-\d\d$/);
      }
    });

    it('finds the same endpoint by its name, and says when there is none', async () => {
      const { name: wanted, task, kind, readiness } = cheapest;
      const found = await getServingEndpoint(transport, source, wanted);
      expect(found).toMatchObject({ name: wanted, task, kind, readiness });
      await expect(getServingEndpoint(transport, source, 'tierwise-no-such-endpoint')).rejects.toMatchObject({
        code: 'not-found',
      });
    });

    it('makes one configured endpoint of it, whose key is the sign-in', async () => {
      const configured = toConfigured(endpoints, { id: 'workspace', origin: source.origin });
      expect(configured.models.map(({ id }) => id)).toContain(cheapest.name);
      const ring = await resolveKeys([configured], place.env, { transport });
      expect(ring.keys).toMatchObject([{ endpoint: 'workspace', origin: source.origin }]);
    });

    it.each([true, false])('gives an answer with its tokens (streamed: %s)', async (stream) => {
      const outcome = await asking.chat(cheapest.name, { stream, maxTokens });
      expect(outcome).toMatchObject({ failure: undefined, status: 200, simulated: false });
      expect(outcome.text + outcome.reasoning).not.toBe('');
      expect(outcome.finishReason).toMatch(/^(stop|length)$/);
      expect(outcome.usage!.input).toBeGreaterThan(0);
      expect(outcome.usage!.output).toBeGreaterThan(0);
      expect(outcome.usage!.output).toBeLessThanOrEqual(maxTokens);
      const { sent, headers, firstToken, lastToken, end } = outcome.times;
      const moments = [sent, headers!, firstToken!, lastToken!, end];
      expect(moments).toEqual(moments.toSorted((a, b) => a - b));
      if (!stream) expect(outcome.chunks).toBe(1);
    });

    it('says of a wrong token that the token is wrong, and of an unknown endpoint that there is none', async () => {
      const wrong = 'dapi00000000000000000000000000000000';
      const stranger = askingWith(source.origin, wrong);
      const refused = await stranger.chat(cheapest.name, { maxTokens: 1 });
      await stranger.transport.close();
      expect(refused.failure).toMatchObject({ code: 'auth' });
      expect(refused.failure!.message).toContain('Check the API key');
      expect(refused.failure!.message).not.toContain(wrong);
      const nowhere = await asking.chat('tierwise-no-such-endpoint', { maxTokens: 1 });
      expect(nowhere.failure).toMatchObject({ code: 'not-found', status: 404 });
    });

    it('turns texts into vectors of one length, in their order', async (context) => {
      const model = endpoints.find(
        ({ task, readiness, kind }) => task === 'embeddings' && readiness === 'ready' && kind === 'foundation',
      );
      if (!model) return context.skip('the workspace has no ready embedding model');
      const input = ['The cat sleeps.', 'Der Zug ist spät.', 'The cat sleeps.'];
      const target: ChatTarget = asking.target;
      const { results, inputTokens } = await callEmbeddings(
        transport,
        target,
        { model: model.name, input },
        { timeoutMs: 60_000 },
      );
      const vectors = results.map(({ vector }) => vector!);
      expect(new Set(vectors.map(({ length }) => length)).size).toBe(1);
      expect(vectors[0]![0]).toBeCloseTo(vectors[2]![0]!, 3);
      expect(vectors[0]).not.toEqual(vectors[1]);
      expect(inputTokens).toBeGreaterThan(0);
      return undefined;
    });

    describe('from the command line', () => {
      let cli: Cli;
      beforeAll(async () => {
        cli = await buildCli();
      });
      afterAll(() => cli?.stop());
      const run = (args: readonly string[]) => {
        const env = Object.entries(place.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
        return cli.run(args, { env: Object.fromEntries(env) });
      };

      it('lists the same endpoints', async () => {
        const { code, stdout, stderr } = await run(['endpoints', '--databricks', '--json']);
        expect(code, stderr).toBe(0);
        // After them come the services of the AI gateway, where the workspace has one.
        const served: WorkspaceEndpoint[] = JSON.parse(stdout).endpoints;
        const names = served.filter(({ kind }) => kind !== 'gateway').map(({ name }) => name);
        expect(names).toEqual(endpoints.map((endpoint) => endpoint.name));
      });

      it('measures two requests, whose cost follows from the tokens and the prices of the workspace', async () => {
        const configured = toConfigured([cheapest], { id: 'workspace', origin: source.origin });
        cli.file('config.json', { endpoints: [configured] });
        cli.file('prompts.jsonl', '{"prompt":"Say hello."}\n{"prompt":"Name three colours."}\n');
        const files = ['--config', 'config.json', '--prompts', 'prompts.jsonl', '--out', 'run'];
        const limits = ['--max-tokens', String(maxTokens), '--warmup', '0', '--concurrency', '1', '--max-cost', '0.01'];
        const { code, stdout, stderr } = await run(['bench', ...files, ...limits, '--yes']);
        expect(code, stderr).toBe(0);
        const records = jsonLines(readFileSync(join(cli.folder, 'run/records.jsonl'), 'utf8'));
        expect(records).toHaveLength(2);
        const [{ inputPrice = Number.NaN, outputPrice = Number.NaN } = {}] = configured.models;
        for (const { status, tokens, costUsd } of records) {
          expect({ status, source: tokens?.source }).toEqual({ status: 'ok', source: 'server' });
          expect(costUsd).toBeCloseTo((tokens.input * inputPrice + tokens.output * outputPrice) / 1e6, 12);
        }
        const { token } = await source.token();
        expect(stdout + stderr + everythingIn(join(cli.folder, 'run'))).not.toContain(token);
      });
    });
  });
}

/** Of the ready foundation models for chat the one whose output costs least. */
function cheapestChat(endpoints: readonly WorkspaceEndpoint[]): WorkspaceEndpoint {
  const able = endpoints.filter(
    ({ task, kind, readiness, prices }) =>
      task === 'chat' && kind === 'foundation' && readiness === 'ready' && prices?.outputUsd !== undefined,
  );
  const [first] = able.toSorted((a, b) => (a.prices?.outputUsd ?? 0) - (b.prices?.outputUsd ?? 0));
  if (!first) throw new Error('The workspace has no chat model that is ready and whose price is known.');
  return first;
}
