// Benchmarks a real language model of 135 million parameters on this machine, asked in three ways: by OpenAI's chat
// completions, by Anthropic's messages, and through the gateway LiteLLM. Writes the report into docs/example/.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '../test/services/command.ts';
import { modelName, prepareLiteLlm, prepareLlama, startLiteLlm, startLlama } from '../test/services/servers.ts';
import { takePage } from './report-pictures.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'docs', 'example');
const run = 'smollm2';

/** One request at a time, so that what is measured never waits for another request. */
const load = ['--concurrency', '1', '--warmup', '2', '--max-tokens', '48', '--timeout', '120000', '--seed', '1'];

const [llama, liteLlm] = [await prepareLlama(), await prepareLiteLlm()];
if (llama.missing !== undefined) throw new Error(llama.missing);
if (liteLlm.missing !== undefined) throw new Error(liteLlm.missing);

const command = new Command();
// A server for each, all alike: one that had answered a prompt before would have it in its cache.
const [chat, messages, behind] = [
  await startLlama(llama.bin),
  await startLlama(llama.bin),
  await startLlama(llama.bin),
];
const gateway = await startLiteLlm(liteLlm.bin, behind.baseUrl);
try {
  // It runs on one's own machine, and nobody is paid.
  const models = [{ id: modelName, inputPrice: 0, cachedInputPrice: 0, outputPrice: 0 }];
  const endpoints = [
    { id: 'chat', protocol: 'openai', baseUrl: chat.baseUrl, models },
    { id: 'messages', protocol: 'anthropic', baseUrl: messages.baseUrl, models },
    { id: 'litellm', protocol: 'openai', baseUrl: gateway.baseUrl, apiKey: { env: 'GATEWAY_KEY' }, models },
  ];
  writeFileSync(command.path('tierwise.json'), JSON.stringify({ endpoints }));
  const prompts = 'samples-on-smollm2.jsonl';
  copyFileSync(join(root, 'samples', 'prompts.jsonl'), command.path(prompts));
  const files = ['--config', 'tierwise.json', '--prompts', prompts, '--out', run];
  await tierwise(['bench', ...files, ...load, '--yes'], { GATEWAY_KEY: gateway.key });

  mkdirSync(folder, { recursive: true });
  for (const format of ['html', 'md']) {
    const report = await tierwise(['report', run, '--format', format]);
    writeFileSync(join(folder, `report.${format}`), report);
  }
} finally {
  command.remove();
  for (const server of [gateway, behind, messages, chat]) await server.kill();
}
const shots = join(root, 'out', 'screenshots');
mkdirSync(shots, { recursive: true });
await takePage(join(folder, 'report.html'), { top: join(folder, 'report.png'), out: shots });

/** @returns what the command printed */
async function tierwise(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stdout, stderr } = await command.run(args, env);
  if (code !== 0) throw new Error(`tierwise ${args.join(' ')} ended with ${code}:\n${stderr}`);
  return stdout;
}
