import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type Loopback, startLoopback } from './loopback.ts';
import { type Answers, type Asked, answering } from './person.ts';
import { withSetting } from './tierwise.ts';

function written(): unknown {
  return vscode.workspace.getConfiguration('tierwise').inspect('endpoints')?.globalValue;
}

describe('Discovery of local servers', () => {
  let ollama: Loopback;
  let vllm: Loopback;
  before(async () => {
    ollama = await startLoopback({
      '/api/version': { version: '0.12.6' },
      '/api/tags': { models: [{ model: 'llama3.2:3b' }, { model: 'qwen3:8b' }] },
    });
    vllm = await startLoopback({
      '/v1/models': { object: 'list', data: [{ id: 'qwen', owned_by: 'vllm', max_model_len: 32768 }] },
    });
  });
  after(() => {
    ollama.stop();
    vllm.stop();
  });

  const discover = (answers: Answers): Promise<Asked[]> =>
    answering(answers, () => vscode.commands.executeCommand('tierwise.discoverLocal'));

  it('adds what is ticked, one endpoint for each server', () =>
    withSetting('tierwise.discovery.ports', [ollama.port, vllm.port], () =>
      withSetting('tierwise.endpoints', [], async () => {
        const asked = await discover({ showQuickPick: () => ['llama3.2:3b', 'qwen'] });
        assert.deepEqual(asked[0]?.offered, [
          'llama3.2:3b | Ollama',
          'qwen3:8b | Ollama',
          'qwen | vLLM · 32,768 tokens',
        ]);
        // "qwen" names the first label that holds it; what is ticked of the other server is added as well.
        assert.deepEqual(
          (written() as { id: string; protocol: string }[]).map(({ id, protocol }) => [id, protocol]),
          [['ollama', 'ollama']],
        );
        const again = await discover({ showQuickPick: ({ offered }) => [offered.at(-1)?.split(' | ')[0]] });
        assert.match(again[0]?.offered[0] ?? '', /Ollama is already added \| ollama/);
        assert.deepEqual((written() as object[])[1], {
          id: 'vllm',
          protocol: 'openai',
          baseUrl: `${vllm.origin}/v1`,
          models: [{ id: 'qwen', contextWindow: 32768 }],
        });
        const third = await discover({});
        assert.match(third[0]?.text ?? '', /found nothing to add\. Ollama at .* is already added as ollama/);
      }),
    ));

  it('does nothing before the command is run, and adds nothing on Escape', () =>
    withSetting('tierwise.discovery.ports', [vllm.port], () =>
      withSetting('tierwise.endpoints', [], async () => {
        const before = vllm.asked.length;
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.equal(vllm.asked.length, before);
        await discover({});
        assert.ok(vllm.asked.length > before);
        assert.deepEqual(written(), []);
        for (const { headers } of vllm.asked) assert.equal(headers.authorization, undefined);
      }),
    ));

  it('says that nothing was found, and how to start a server', () =>
    withSetting('tierwise.discovery.ports', [], async () => {
      const [asked] = await discover({});
      assert.match(asked?.text ?? '', /found no model server/);
      assert.match(asked?.detail ?? '', /ollama serve/);
      assert.deepEqual(asked?.offered, ['Add by Address', 'Start Simulated Endpoint']);
    }));
});
