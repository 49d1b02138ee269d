// Runs a sweep and a paired comparison of two simulated models through the command, and writes their reports and pictures
// into docs/example-sweep/ and docs/example-comparison/.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../src/core/stats/random.ts';
import { Command } from '../test/services/command.ts';
import { type ReportPart, takeParts } from './report-pictures.ts';

const root = join(import.meta.dirname, '..');
/** The port of samples/tierwise.json, so that whoever repeats a run has nothing to change. */
const port = 8765;
/** Narrow enough for the charts to stand below one another, so that they can be read in a page of text. */
const textWidth = 760;
/** Wide enough for the table of a verdict. */
const tableWidth = 1200;

interface Example {
  /** Below docs/. */
  readonly folder: string;
  /** Files of that folder that the command is given: its configuration and its prompts. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly pictures: readonly ReportPart[];
}

const examples: readonly Example[] = [
  {
    folder: 'example-sweep',
    inputs: { 'tierwise.json': sweepConfiguration() },
    args: [
      ...['--config', 'tierwise.json', '--prompts', join(root, 'samples', 'prompts.jsonl')],
      ...['--sweep', 'rate=2,4,8,16', '--slo', 'ttft_ms<1000,e2e_ms<4000', '--requests', '60', '--warmup', '4'],
      ...['--no-answers', '--seed', '1', '--title', 'Sweep of two simulated models'],
    ],
    pictures: [{ file: 'stages', selector: '[aria-labelledby=tw-stages] .tw-charts', width: textWidth }],
  },
  {
    folder: 'example-comparison',
    inputs: { 'questions.jsonl': questions(60) },
    args: [
      ...[
        '--config',
        join(root, 'samples', 'tierwise.json'),
        '--prompts',
        'questions.jsonl',
        '--models',
        'medium,large',
      ],
      ...['--repeats', '3', '--concurrency', '12', '--warmup', '6'],
      ...['--seed', '1', '--title', 'Comparison of two simulated models'],
    ],
    pictures: [
      { file: 'verdict', selector: '[aria-labelledby=tw-verdict]', width: tableWidth },
      { file: 'charts', selector: '[aria-labelledby=tw-charts] .tw-charts', width: textWidth },
    ],
  },
];

/** Folders by name, to make some of them only. */
const wanted = process.argv.filter((word) => word.startsWith('example-'));
const command = new Command();
const simulator = command.start(['simulate', '--port', String(port), '--json']);
try {
  await answering();
  for (const example of examples) {
    if (wanted.length === 0 || wanted.includes(example.folder)) await make(example);
  }
} finally {
  simulator.interrupt();
  await simulator.ended;
  command.remove();
}

async function make({ folder, inputs, args, pictures }: Example): Promise<void> {
  const docs = join(root, 'docs', folder);
  mkdirSync(docs, { recursive: true });
  for (const [name, text] of Object.entries(inputs)) {
    writeFileSync(join(docs, name), text);
    copyFileSync(join(docs, name), command.path(name));
  }
  await tierwise(['bench', ...args, '--out', folder, '--yes']);
  const { invalid } = command.summary(folder);
  if (invalid !== undefined) throw new Error(`${folder}: not valid, so not worth showing: ${invalid}`);
  for (const format of ['html', 'md']) {
    writeFileSync(join(docs, `report.${format}`), await tierwise(['report', folder, '--format', format]));
  }
  const parts = pictures.map((part) => ({ ...part, file: join(docs, part.file) }));
  await takeParts(join(docs, 'report.html'), parts);
  rmSync(command.path(folder), { recursive: true });
}

/** @returns what the command printed */
async function tierwise(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await command.run(args);
  if (code !== 0) throw new Error(`tierwise ${args.join(' ')} ended with ${code}:\n${stderr}`);
  return stdout;
}

async function answering(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/models`).catch(() => undefined);
    if (response?.ok) return;
    await delay(100);
  }
  throw new Error(`The simulated endpoint does not answer at port ${port}. Is the port taken?`);
}

/** Two endpoints, each of which may be sent eight requests at once: what a server with eight slots does to those that wait. */
function sweepConfiguration(): string {
  const endpoint = (id: string, model: string, inputPrice: number, outputPrice: number) => ({
    id,
    protocol: 'openai',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    simulated: true,
    concurrency: 8,
    models: [{ id: model, inputPrice, outputPrice }],
  });
  const endpoints = [endpoint('fast', 'small', 0.1, 0.4), endpoint('strong', 'medium', 0.8, 3.2)];
  return `${JSON.stringify({ endpoints }, undefined, 2)}\n`;
}

/** Arithmetic, of which the simulated models know the truth and get some wrong; the reference is the number to be checked. */
function questions(count: number): string {
  const random = seededRandom(7);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const rows = Array.from({ length: count }, (_, index) => {
    const [a, b, c] = [between(11, 98), between(11, 98), between(2, 9)];
    const kinds: readonly [question: string, answer: number][] = [
      [`What is ${a} × ${b}?`, a * b],
      [`What is (${a} + ${b}) * ${c}? Answer with the number only.`, (a + b) * c],
      [`Compute ${a} * ${c} - ${b}, please.`, a * c - b],
    ];
    const [question, answer] = kinds[index % kinds.length] ?? ['', 0];
    const id = `q${String(index + 1).padStart(2, '0')}`;
    return `${JSON.stringify({ id, question, answer, checks: [{ type: 'number' }] })}\n`;
  });
  return rows.join('');
}
