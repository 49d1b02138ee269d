import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli, jsonLines } from '../../test/spawned-cli.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.stop());

const commands = [
  'estimate',
  'recommend',
  'decisions',
  'ask',
  'bench',
  'resume',
  'evaluate',
  'compare',
  'report',
  'models',
  'endpoints',
  'simulate',
  'demo',
];

describe('tierwise', () => {
  it.each(commands)('%s explains itself with --help', async (command) => {
    const { code, stdout, stderr } = await cli.run([command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: tierwise ${command} `));
  });

  it('names its version', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect((await cli.run(['--version'])).stdout).toBe(`${version}\n`);
  });

  it.each<[string[], RegExp]>([
    [[], /no command\. Type: tierwise estimate\|recommend\|decisions\|ask\|bench/],
    [['estmate'], /unknown command 'estmate'/],
    [['estimate', '--fast'], /unknown option '--fast'\. Type: tierwise estimate /],
    [['estimate', 'a', 'b'], /too many arguments.*Type: tierwise estimate /],
    [['estimate', '--scorer'], /argument missing.*Type: tierwise estimate /],
    [['bench'], /'--config <file>' not specified\. Type: tierwise bench --config FILE --prompts FILE --out DIR/],
    [['recommend', 'x'], /'--config <file>' not specified\. Type: tierwise recommend --config FILE/],
    [['compare', 'a'], /missing required argument 'others'.*Type: tierwise compare DIR DIR/],
    [['evaluate', 'a'], /'--config <file>' not specified\. Type: tierwise evaluate DIR --config FILE/],
    [['resume'], /missing required argument 'dir'\. Type: tierwise resume DIR/],
    [['report', 'x'], /'--format <name>' not specified\. Type: tierwise report DIR --format html\|md\|csv\|json/],
    [['simulate', '--port', '99999'], /--port must be a whole number from 0 to 65535, not "99999"/],
    [['simulate', '--faults', 'gremlins'], /There is no fault "gremlins"/],
  ])('%j exits 2 with one line that says what to type', async (args, line) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(line);
    expect(stderr).toMatch(/Type: tierwise /);
  });
});

describe('tierwise recommend', () => {
  it('names model, reasons and cost range, and sends nothing', async () => {
    const config = cli.file('config.json', {
      endpoints: [
        {
          id: 'far',
          protocol: 'openai',
          baseUrl: 'https://models.example/v1',
          apiKey: { env: 'NOT_SET' },
          models: [
            { id: 'cheap', inputPrice: 0.1, outputPrice: 0.2 },
            { id: 'dear', inputPrice: 5, outputPrice: 9 },
          ],
        },
      ],
      tiers: { simple: { upTo: 0.01 }, medium: { upTo: 0.02 } },
    });
    const { stdout } = await cli.run(['recommend', '--scorer', 'seed', '--config', config, '--json', '-'], {
      input: 'Explain and prove it?',
    });
    const [found] = jsonLines(stdout);
    expect(found).toMatchObject({ id: 'stdin', tier: 'complex', model: 'far/dear', simulated: false });
    expect(found.costUsd.low).toBeLessThan(found.costUsd.high);
    const people = await cli.run(['recommend', '--scorer', 'seed', '--config', config, '--preference', 'cost'], {
      input: 'Hi',
    });
    expect(people.stdout).toMatch(/^stdin: far\/cheap\n {2}tier +simple/);
    expect(people.stdout).toMatch(/cheapest of 2 models/);
  });
});

describe('tierwise simulate', () => {
  it('says where it is, serves, logs the truth, and ends well on SIGTERM', async () => {
    const truth = join(cli.folder, 'truth.jsonl');
    const running = cli.start(
      ['simulate', '--json', '--truth', truth, '--seed', '3', '--speed', '100', '--api-key-env', 'K'],
      {
        env: { K: 'simulated-key' },
      },
    );
    const { baseUrl, addresses, models } = JSON.parse(await running.until('stdout', /\n/));
    expect(addresses).toMatchObject({ openai: baseUrl, anthropic: new URL(baseUrl).origin });
    expect(models.map(({ id }: { id: string }) => id)).toEqual(['small', 'medium', 'large']);
    const ask = (key: string) =>
      fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'small', messages: [{ role: 'user', content: 'hi' }] }),
      });
    expect((await ask('wrong')).status).toBe(401);
    expect(await (await ask('simulated-key')).text()).toMatch(/simulated/i);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    expect(jsonLines(readFileSync(truth, 'utf8'))).toHaveLength(1);
  });

  it('prints a configuration that works as it stands', async () => {
    const running = cli.start(['simulate', '--speed', '1000']);
    const text = await running.until('stdout', /Ctrl-C/);
    const config = cli.file('printed.json', text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
    const ended = await cli.run(
      ['bench', '--config', config, '--prompts', '-', '--out', 'printed-run', '--warmup', '0'],
      { input: 'hello' },
    );
    expect(ended.stdout).toMatch(/simulated\/large +1/);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
  });

  it('refuses a port that is taken', async () => {
    const running = cli.start(['simulate', '--json']);
    const { baseUrl } = JSON.parse(await running.until('stdout', /\n/));
    const { code, stderr } = await cli.run(['simulate', '--port', new URL(baseUrl).port]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/it is in use/) });
    running.child.kill('SIGTERM');
    await running.ended;
  });
});

describe('tierwise demo', () => {
  it('advises, measures, reports, says that all is simulated, and ends by itself', async () => {
    const { code, stdout } = await cli.run(['demo']);
    expect(code).toBe(0);
    for (const tier of ['simple', 'medium', 'complex']) expect(stdout).toMatch(new RegExp(`0\\.\\d+ +${tier} `));
    expect(stdout).toMatch(/SIMULATED/);
    for (const model of ['small', 'medium', 'large']) expect(stdout).toMatch(new RegExp(`simulated/${model} +70`));
    // Cheap against strong, in words.
    expect(stdout).toMatch(
      /Compared with simulated\/small, simulated\/large answers better \(.*costs \d+ times as much/,
    );
    expect(stdout).toMatch(/Instrument error/);
    const report = readFileSync(join(cli.folder, 'out', 'demo-report.html'), 'utf8');
    expect(report).toMatch(/simulated endpoint/i);
    expect(report).not.toMatch(/<script/i);
  }, 60_000);
});
