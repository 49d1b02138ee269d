import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines } from '../spawned-cli.ts';
import { Command } from './command.ts';
import { modelName, prepareLlama, type Server, startLlama } from './servers.ts';

// Data sets as people have them, through the real command to a real model.

const prepared = await prepareLlama();
const { missing } = prepared;

describe.skipIf(missing !== undefined)(missing === undefined ? 'data sets at llama.cpp' : `skipped: ${missing}`, () => {
  let command: Command;
  let server: Server;
  const bench = (run: string, prompts: string, ...args: string[]) =>
    command.run([
      ...['bench', '--config', 'tierwise.json', '--prompts', prompts, '--out', run, '--yes', '--no-calibrate'],
      ...['--models', modelName, '--warmup', '0', '--max-tokens', '12', '--concurrency', '2', ...args],
    ]);
  const prompts = (run: string): any[] => jsonLines(command.read(run, 'prompts.jsonl'));
  /** Names of the checks that were decided or not, by prompt. */
  const checked = (run: string) => {
    const promptOf = new Map(command.records(run).map(({ id, promptId }) => [id, promptId]));
    const outcomes = command.outcomes(run).filter((outcome) => outcome.kind === 'check');
    return outcomes.map((outcome) => ({ ...outcome, prompt: promptOf.get(outcome.record)! }));
  };

  beforeAll(async () => {
    command = new Command();
    server = await startLlama('bin' in prepared ? prepared.bin : '', { embeddings: true });
    const models = [{ id: modelName }, { id: 'embedder', task: 'embeddings' }];
    const endpoints = [{ id: 'real', protocol: 'openai', baseUrl: server.baseUrl, models }];
    command.write('tierwise.json', { endpoints });
  });
  afterAll(async () => {
    command?.remove();
    await server?.kill();
  });

  it('a promptfoo configuration with prompt files and a table of tests is asked, its models and code left out', async () => {
    command.write(
      'eval/promptfooconfig.yaml',
      `# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json
description: Capitals and colours
prompts:
  - prompts/short.txt
  - file://prompts/two.txt
providers:
  - id: openai:chat:gpt-4o-mini
    config: { temperature: 0 }
  - file://provider.py
defaultTest:
  options: { transform: output.trim() }
  assert:
    - { type: latency, threshold: 5000 }
    - { type: not-contains, value: "As an AI" }
tests: file://tests.csv
outputPath: results.json
`,
    );
    command.write('eval/provider.py', 'open("ran", "w")\n');
    command.write('eval/prompts/short.txt', 'In one word: {{question}}');
    command.write('eval/prompts/two.txt', 'Q: {{ question }} A:\n---\nTell a child: {{question}}\n');
    command.write(
      'eval/tests.csv',
      [
        'question,__expected1,__expected2,__description',
        'What is the capital of France?,icontains: paris,similar(0.1): Paris is the capital.,capital',
        '"Which colour has grass, mostly?",contains-any: green,javascript: output.length < 200,colour',
        'How many legs has a dog?,regex: \\d|four,llm-rubric: says four,legs',
      ].join('\n'),
    );
    const ended = await bench('promptfoo', 'eval/promptfooconfig.yaml', '--embedding-model', 'embedder');
    expect(ended).toMatchObject({ code: 0 });
    for (const told of [
      /promptfooconfig\.yaml:7: The providers are left out/,
      /promptfooconfig\.yaml:11: "transform" is code, which is never run/,
      /promptfooconfig\.yaml:13: Latency is a gate of the whole run.*p95_e2e_ms<=5000/,
      /promptfooconfig\.yaml:15: In tests\.csv, line 3: The assertion "javascript" is code/,
      /promptfooconfig\.yaml:15: In tests\.csv, line 4: The assertion "llm-rubric" needs a judge.*says four/,
    ])
      expect(ended.stderr).toMatch(told);
    expect(
      prompts('promptfoo')
        .map(({ text }) => text)
        .sort(),
    ).toEqual(
      ['What is the capital of France?', 'Which colour has grass, mostly?', 'How many legs has a dog?']
        .flatMap((question) => [`In one word: ${question}`, `Q: ${question} A:`, `Tell a child: ${question}`])
        .sort(),
    );
    expect(command.records('promptfoo').map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 'ok'));
    const answers = new Map(command.records('promptfoo').map(({ id, answer }) => [id, answer!]));
    const outcomes = checked('promptfoo');
    // The one of defaultTest for all nine, and what can be decided of each row's own.
    const counts = countsOf(outcomes.map(({ name }) => name));
    expect(counts).toMatchObject({ similarity: 3, regex: 3, 'not contains': 9 });
    expect(outcomes).toHaveLength(9 + 3 + 3 + 3 + 3);
    for (const { name, record, score } of outcomes) {
      const answer = answers.get(record)!;
      if (name === 'not contains') expect(score).toBe(Number(!answer.includes('As an AI')));
      if (name === 'regex') expect(score).toBe(Number(/\d|four/.test(answer)));
    }
    expect(existsSync(command.path('ran')) || existsSync(command.path('eval', 'ran'))).toBe(false);
  });

  it('a table with a semicolon, quoted line breaks and references is asked as it stands', async () => {
    command.write(
      'table.csv',
      '\ufeffid;question;answer;checks\r\n' +
        'week;How many days has a week?;7;"[{""type"":""number""}]"\r\n' +
        'lines;"Repeat:\nred, ""green""";;"[{""type"":""contains"",""value"":""red""}]"\r\n',
    );
    const { code, stdout } = await bench('table', 'table.csv', '--json');
    expect(code).toBe(0);
    expect(prompts('table')).toMatchObject([
      { id: 'week', text: 'How many days has a week?', reference: '7' },
      { id: 'lines', text: 'Repeat:\nred, "green"' },
    ]);
    const byPrompt = new Map(command.records('table').map((record) => [record.promptId, record]));
    for (const { prompt, score } of checked('table')) {
      const answer = byPrompt.get(prompt)!.answer!;
      expect(score).toBe(prompt === 'lines' ? Number(answer.includes('red')) : Number(/\d+/.exec(answer)?.[0] === '7'));
    }
    expect(JSON.parse(stdout).models[0].quality.n).toBe(2);
  });

  it('a folder is asked file by file, without notes and without what links lead to', async () => {
    command.write('folder/README.md', 'Not a prompt.');
    command.write('folder/a.txt', 'Name a colour.');
    command.write('folder/b/review.prompt.md', '---\nmodel: gpt-4o\n---\nName an animal.\n');
    command.write('folder/.git/c.txt', 'Never.');
    const { code } = await bench('folder', 'folder');
    expect(code).toBe(0);
    expect(prompts('folder').map(({ id, text }) => [id, text.trim()])).toEqual([
      ['a.txt', 'Name a colour.'],
      ['b/review.prompt.md', 'Name an animal.'],
    ]);
    expect(
      command
        .records('folder')
        .map(({ status, promptId }) => [status, promptId])
        .sort(),
    ).toEqual([
      ['ok', 'a.txt'],
      ['ok', 'b/review.prompt.md'],
    ]);
  });

  it('nothing is measured while a row cannot be asked, and the line is told', async () => {
    command.write('eval/broken.yaml', 'prompts: ["{{x | upper}}", "{{y}}"]\ntests:\n  - vars: { y: 1 }\n');
    const { code, stderr } = await bench('broken', 'eval/broken.yaml');
    expect(code).toBe(2);
    expect(stderr).toMatch(/broken\.yaml:\d+: .*upper/);
  });
});

function countsOf(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((one) => one === name).length]));
}
