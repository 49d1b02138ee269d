import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli, jsonLines } from '../../test/spawned-cli.ts';
import { gateResultSchema } from '../core/benchmark/gates.ts';
import { manifestSchema } from '../core/benchmark/manifest.ts';
import { recordSchema } from '../core/benchmark/record.ts';
import { summarySchema } from '../core/benchmark/summary.ts';
import { verdictSchema } from '../core/benchmark/verdict.ts';
import { type Simulator, startSimulator } from '../engine/simulator/server.ts';

let cli: Cli;
let simulator: Simulator;
let config: string;
let prompts: string;

const configAt = (benchmark: object = {}) => ({
  endpoints: [
    {
      id: 'sim',
      protocol: 'openai',
      baseUrl: simulator.baseUrl,
      models: [
        { id: 'instant', inputPrice: 1, outputPrice: 2 },
        { id: 'paced', inputPrice: 1, outputPrice: 2 },
        { id: 'instant+500', inputPrice: 1, outputPrice: 2 },
      ],
    },
  ],
  benchmark: { warmup: 0, ...benchmark },
});
const bench = (out: string, args: string[], configFile = config) =>
  cli.run([
    ...['bench', '--config', configFile, '--prompts', prompts, '--out', join(cli.folder, out), '--no-calibrate'],
    ...(args.includes('--models') ? args : ['--models', 'instant', ...args]),
  ]);
const read = (...path: string[]) => readFileSync(join(cli.folder, ...path), 'utf8');
const manifestOf = (run: string) => manifestSchema.parse(JSON.parse(read(run, 'manifest.json')));
const summaryOf = (run: string) => summarySchema.parse(JSON.parse(read(run, 'summary.json')));
const recordsOf = (run: string) => jsonLines(read(run, 'records.jsonl')).map((record) => recordSchema.parse(record));

beforeAll(async () => {
  cli = await buildCli();
  simulator = await startSimulator({ speed: 20 });
  config = cli.file('tierwise.json', configAt());
  prompts = cli.file('prompts.jsonl', '{"id":"a","prompt":"Hello?"}\n{"id":"b","prompt":"Explain why."}\n');
}, 60_000);
afterAll(async () => {
  cli.stop();
  await simulator.close();
});

describe('the load of tierwise bench', () => {
  it('is a rate, a ramp, or what the configuration says', async () => {
    const rate = await bench('rate', ['--rate', '100', '--arrivals', 'constant', '--requests', '6']);
    expect(rate).toMatchObject({ code: 0, stderr: expect.stringMatching(/Load: even arrivals at 100 requests\/s\./) });
    expect(manifestOf('rate').plan.load).toEqual({
      pattern: 'steady',
      load: { kind: 'open', arrivals: 'constant', perSecond: 100 },
    });
    expect(recordsOf('rate')).toHaveLength(6);

    const ramp = await bench('ramp', ['--ramp', '50..200', '--repeats', '3']);
    expect(ramp.stderr).toMatch(/Load: Poisson arrivals at 50 to 200 requests\/s\./);
    expect(recordsOf('ramp')).toHaveLength(6);

    const own = cli.file('own.json', configAt({ load: { rate: 80 }, repeats: 2, slo: { e2eMs: 60_000 } }));
    expect((await bench('own', ['--arrivals', 'constant'], own)).stderr).toMatch(
      /Load: even arrivals at 80 requests\/s\./,
    );
    expect(manifestOf('own').plan).toMatchObject({ requests: 4, slo: { e2eMs: 60_000 } });
    expect(summaryOf('own').models[0]?.good?.share).toBe(1);
  });

  it('is a sweep, whose stages are shown apart', async () => {
    const { code, stdout } = await bench('sweep', ['--sweep', 'concurrency=1,3', '--requests', '4']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 +1 in flight +sim\/instant +4 +0/);
    expect(stdout).toMatch(/2 +3 in flight +sim\/instant +4 +0/);
    expect(summaryOf('sweep').stages).toHaveLength(2);
    const byRate = await bench('sweep-rate', ['--sweep', 'rate=50,100', '--requests', '3', '--slo', 'e2e_ms<60000']);
    expect(byRate.stdout).toMatch(/2 +100\/s, Poisson +sim\/instant +3 +0 .* 100%/);
  });

  it('is a search for the rate that keeps an SLO', async () => {
    const { code, stdout, stderr } = await bench('search', [
      ...['--search-rate', '20..80', '--slo', 'ttft_ms<60000', '--good-share', '0.9', '--requests', '3'],
      ...['--trial-seconds', '0.5'],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^At most \d+ requests to 1 model/) });
    expect(stdout).toMatch(
      /sim\/instant holds the limits \(TTFT ≤ 60,000 ms for 90% of the requests\) up to 80\.0 requests\/s/,
    );
    expect(summaryOf('search').capacity).toEqual([{ model: 0, perSecond: 80 }]);
  });

  it('is finished by resume where it was interrupted, stage by stage', async () => {
    const out = join(cli.folder, 'cut');
    const running = cli.start([
      ...['bench', '--config', config, '--prompts', prompts, '--out', out, '--no-calibrate', '--models', 'paced'],
      ...['--sweep', 'concurrency=1,2', '--requests', '20'],
    ]);
    const records = () => (existsSync(join(out, 'records.jsonl')) ? recordsOf('cut').length : 0);
    while (records() < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    const kept = recordsOf('cut').map(({ id }) => id);
    expect(kept.length).toBeLessThan(40);
    const { code, stdout } = await cli.run(['resume', out, '--gate', 'error_share<=0']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/2 +2 in flight +sim\/paced +20 +0/);
    expect(stdout).toMatch(/All 1 gate passed\.\n/);
    const all = recordsOf('cut').map(({ id }) => id);
    expect(all).toHaveLength(40);
    expect(all.slice(0, kept.length)).toEqual(kept);
  });

  it('is a trace, sent as a whole', async () => {
    const trace = cli.file(
      'azure.csv',
      'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:46.7005900,3,9\n2023-11-16 18:15:46.7105900,3,9\n',
    );
    const { code, stderr } = await bench('trace', ['--trace', trace]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/Load: a trace of 3 requests, over 30\.0 ms\./),
    });
    expect(manifestOf('trace').plan).toMatchObject({ requests: 3, load: { offsetsMs: [0, 20, 30] } });
    expect(recordsOf('trace')).toHaveLength(3);
    // A path in a configuration is seen from its folder, wherever the command is called.
    const own = cli.file('traced.json', configAt({ load: { trace: 'azure.csv', traceUnit: 'ms' } }));
    expect((await bench('traced', [], own)).code).toBe(0);
  });

  it.each<[string, string[], RegExp]>([
    ['two loads', ['--rate', '1', '--ramp', '1..2'], /--rate and --ramp are different loads/],
    ['a search without an SLO', ['--search-rate', '1..9'], /Give an SLO, for example ttft_ms<800/],
    ['arrivals of nothing', ['--arrivals', 'constant'], /--arrivals belongs to a rate/],
    ['a rate of 0', ['--rate', '0'], /--rate must be a number above 0/],
    ['unknown arrivals', ['--rate', '1', '--arrivals', 'bursty'], /--arrivals must be one of constant, poisson/],
    ['a share beyond 1', ['--search-rate', '1..2', '--good-share', '2'], /--good-share must be a share/],
    ['a sweep of nothing', ['--sweep', 'speed=1'], /--sweep must be concurrency=1,4,16 or rate=1,2,5/],
    ['an SLO of a figure that is none', ['--slo', 'cost<1'], /--slo must be limits/],
    ['requests and repeats', ['--requests', '1', '--repeats', '2'], /requests and the repeats of each prompt both say/],
    ['a trace that is not there', ['--trace', 'none.csv'], /none\.csv: there is no such file/],
    ['an unknown gate', ['--gate', 'speed<1'], /names an unknown figure/],
    ['a gate on a stranger', ['--gate', 'sim/nobody:quality>1'], /names a model that the run does not have/],
    ['JUnit XML of nothing', ['--junit', 'x.xml'], /--junit writes gates, and there is none/],
    ['a judge without a rubric', ['--judge', 'instant'], /--judge needs --rubric/],
    ['a rubric without a judge', ['--rubric', 'Be right.'], /--rubric belongs to --judge/],
    ['an unknown judge', ['--judge', 'nobody', '--rubric', 'Be right.'], /There is no model "nobody"/],
    ['an empty rubric', ['--judge', 'instant', '--rubric', ' '], /--rubric is empty/],
    ['a rubric that is not there', ['--judge', 'instant', '--rubric', '@none.txt'], /none\.txt: there is no such file/],
  ])('refuses %s in one line, before anything is written', async (_name, args, message) => {
    const { code, stdout, stderr } = await bench('refused', args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(cli.folder, 'refused'))).toBe(false);
  });
});

describe('gates', () => {
  it('that hold are said, and written as JUnit XML', async () => {
    const junit = join(cli.folder, 'ci', 'gates.xml');
    const gates = ['--gate', 'error_share<=0', '--gate', 'tokens<100000', '--junit', junit];
    const { code, stdout } = await bench('kept', ['--requests', '3', ...gates]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /All 2 gates passed\.\n {2}passed {2}error_share<=0 {2}sim\/instant: error_share is 0 <= 0\./,
    );
    expect(readFileSync(junit, 'utf8')).toMatch(/<testsuites name="Tierwise" tests="2" failures="0"/);
  });

  it('that fail exit 1, after everything was written; those of the configuration count, too', async () => {
    const own = cli.file('gated.json', configAt({ gates: ['sim/instant:cost_usd<=0.0000001'] }));
    const junit = join(cli.folder, 'failed.xml');
    const { code, stdout } = await bench(
      'failed',
      ['--requests', '2', '--gate', 'valid', '--junit', junit, '--json'],
      own,
    );
    expect(code).toBe(1);
    const printed = JSON.parse(stdout);
    summarySchema.parse(printed);
    verdictSchema.parse(printed.verdict);
    const gates = printed.gates.map((gate: unknown) => gateResultSchema.parse(gate));
    expect(gates[0]).toMatchObject({ model: 'sim/instant', passed: false, limit: 1e-7, value: expect.any(Number) });
    expect(manifestOf('failed').state).toBe('complete');
    expect(summaryOf('failed').totals.ok).toBe(2);
    expect(readFileSync(junit, 'utf8')).toMatch(/failures="[1-9]/);
  });

  it('of a run that stopped at a limit are held against what there is, which is said', async () => {
    const { code, stdout, stderr } = await bench('stopped', [
      ...['--requests', '50', '--concurrency', '1', '--max-tokens-total', '2000', '--gate', 'error_share<=0'],
    ]);
    expect(code).toBe(0);
    expect(manifestOf('stopped')).toMatchObject({ state: 'stopped', stopReason: 'token-ceiling' });
    expect(stdout).toMatch(/All 1 gate passed\. The run is not complete: they are held against what there is\./);
    expect(stderr).toMatch(/Ceiling: 2,000 tokens\./);
    expect(recordsOf('stopped').length).toBeLessThan(50);
  });

  it('do not hide that no request succeeded', async () => {
    const { code } = await bench('broken', ['--models', 'instant+500', '--requests', '2', '--gate', 'error_share<=0']);
    expect(code).toBe(3);
  });

  it('hold for a run that is resumed, or is complete', async () => {
    const dir = join(cli.folder, 'kept');
    expect((await cli.run(['resume', dir, '--gate', 'error_share<=0'])).code).toBe(0);
    const failed = await cli.run(['resume', dir, '--gate', 'p50_ttft_ms<0.000001', '--json']);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout).gates[0].passed).toBe(false);
  });

  it('can be written for a run that is there', async () => {
    const dir = join(cli.folder, 'kept');
    const { code, stdout } = await cli.run(['report', dir, '--format', 'junit', '--gate', 'cost_usd<=0.0000001']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^<\?xml .*failures="1"/s);
  });
});
