import type { Command } from 'commander';
import { arrivalKinds } from '../core/benchmark/load.ts';
import { planLimits } from '../core/benchmark/plan-limits.ts';
import { traceUnits } from '../core/benchmark/trace.ts';
import type { Installation, usages } from './commands.ts';
import { allowOrigin, choice, number, repeatable } from './flags.ts';
import { rateRange, slo, sweep } from './load-options.ts';
import { positive, shareOf } from './options.ts';
import { reportFormats } from './report-formats.ts';
import type { ExitCode, Terminal } from './terminal.ts';

const exitCodes = `
Exit codes: 0 complete, or stopped at a limit that you set (state and stopReason in manifest.json tell which),
1 a gate failed, 2 wrong use, configuration, input or disk, 3 no request succeeded or an endpoint never answered,
130 interrupted.`;

const gateHelp = `
Gates, for example p95_ttft_ms<800, sim/large:quality>=0.8, cost_usd<=2, error_share<0.01, good_share>=0.95, valid.
${exitCodes}`;

const compareExitCodes = `
Exit codes: 0 compared, 1 with --fail-on-regression: a figure got worse or cannot be compared, 2 wrong use or a folder without a run.`;

/** The commands that make runs and read them. */
export function runCommands(
  command: (name: keyof typeof usages, description: string) => Command,
  terminal: Terminal,
  installation: Installation,
  finish: (code: ExitCode) => void,
): void {
  const bench = command('bench', 'Measures models on prompts and writes manifest, records and summary into a folder.')
    .addHelpText('after', gateHelp)
    .requiredOption('--config <file>', 'configuration with your endpoints')
    .requiredOption('--prompts <file>', 'data set (.jsonl, .csv, .yaml, a folder) or one prompt; - for standard input')
    .requiredOption('--out <dir>', 'new folder for the run')
    .option('--models <list>', 'models by name or endpoint/model, separated by commas; default: all')
    .option('--template <text>', 'text around each prompt, with {{variables}} of its row; @FILE reads it')
    .option('--title <text>', 'what to call the run; default: the name of the prompts file')
    .addOption(allowOrigin())
    .option('--yes', 'do not ask before spending')
    .option('--json', 'print summary, verdict and gates as JSON')
    .optionsGroup('How much:')
    .addOption(
      number(
        '--requests <n>',
        'measured requests for each model; default: one for each prompt',
        ...planLimits.requests,
      ),
    )
    .addOption(
      number('--repeats <n>', 'send each prompt so often to each model, in place of --requests', ...planLimits.repeats),
    )
    .addOption(
      number(
        '--warmup <n>',
        'requests for each model before measuring; default: as many as fill the load',
        ...planLimits.warmup,
      ),
    )
    .addOption(number('--max-tokens <n>', 'most output tokens to ask for', ...planLimits.maxTokens))
    .option('--max-cost <usd>', 'stop before the run costs more', positive('--max-cost'))
    .addOption(
      number(
        '--max-tokens-total <n>',
        'stop before the run uses more tokens, input and output',
        ...planLimits.maxTotalTokens,
      ),
    )
    .addOption(number('--time-limit <ms>', 'milliseconds after which nothing more is sent', ...planLimits.timeLimitMs))
    .addOption(number('--timeout <ms>', 'milliseconds that one request may take', ...planLimits.timeoutMs))
    .option('--adaptive-timeout', 'shorter time limits, by complexity and recent answers, up to --timeout')
    .addOption(
      number(
        '--max-retries <n>',
        'further tries after a rate limit or an overload; default: 0',
        ...planLimits.maxRetries,
      ),
    )
    .addOption(number('--seed <n>', 'orders the requests: same seed, same order', ...planLimits.seed))
    .option('--no-stream', 'ask for whole answers (no time to first token)')
    .option('--no-answers', 'do not store the answers')
    .option('--no-calibrate', 'do not measure the instrument’s own error first')
    .optionsGroup('Load (one of them; default: --concurrency):');
  bench
    .addOption(
      number(
        '--concurrency <n>',
        'requests in flight at once, over all models; with a rate, the most',
        ...planLimits.concurrency,
      ),
    )
    .option('--rate <n>', 'requests per second to each model, by the clock', positive('--rate'))
    .option('--ramp <a..b>', 'from one rate to another', rateRange('--ramp'))
    .option('--sweep <list>', 'stage after stage: concurrency=1,4,16 or rate=1,2,5', sweep)
    .option('--search-rate <a..b>', 'the highest rate at which enough requests keep --slo', rateRange('--search-rate'))
    .option('--trace <file>', 'send requests when those of a trace came (.csv, .jsonl with a column timestamp)')
    .addOption(choice('--trace-unit <unit>', 'of numbers in the trace; default: told by column and size', traceUnits))
    .addOption(choice('--arrivals <kind>', 'of a rate; default: poisson', arrivalKinds))
    .option('--slo <limits>', 'what a good request keeps: ttft_ms<800,tpot_ms<50,e2e_ms<5000', slo)
    .option('--good-share <n>', 'of --search-rate: share of good requests; default: 0.95', shareOf('--good-share'))
    .option(
      '--trial-seconds <n>',
      'of --search-rate: how long each trial lasts at least; default: 10, or five times --slo',
      positive('--trial-seconds'),
    );
  evaluationOptions(bench);
  gateOptions(bench).action(async (options) => {
    const { bench } = await import('./bench.ts');
    finish(await bench(options, terminal, installation));
  });

  gateOptions(
    command('resume', 'Finishes an interrupted run; requests that are done are not sent again.')
      .addHelpText('after', exitCodes)
      .argument('<dir>', 'folder of the run')
      .option('--config <file>', 'configuration that vouches for keys of endpoints beyond this machine, with its gates')
      .option('--max-cost <usd>', 'new ceiling for the whole run, in place of the one it has', positive('--max-cost'))
      .addOption(number('--max-tokens-total <n>', 'the same in tokens, input and output', ...planLimits.maxTotalTokens))
      .addOption(allowOrigin())
      .option('--json', 'print summary, verdict and gates as JSON'),
  ).action(async (dir, options) => {
    const { resume } = await import('./resume.ts');
    finish(await resume({ dir, ...options }, terminal, installation));
  });

  const evaluate = command(
    'evaluate',
    'Checks and judges the stored answers of a run, without sending its prompts again.',
  )
    .addHelpText('after', exitCodes)
    .argument('<dir>', 'folder of the run')
    .requiredOption('--config <file>', 'configuration with the endpoints of judge and embedding model')
    .option('--checks <dataset>', 'data set whose references and checks replace those of the prompts with the same id')
    .option('--max-cost <usd>', 'stop before the run with its evaluation costs more', positive('--max-cost'))
    .addOption(number('--max-tokens-total <n>', 'the same in tokens, input and output', ...planLimits.maxTotalTokens))
    .addOption(allowOrigin())
    .option('--yes', 'do not ask before spending')
    .option('--json', 'print summary, verdict and gates as JSON');
  evaluationOptions(evaluate);
  gateOptions(evaluate).action(async (dir, options) => {
    const { evaluate } = await import('./evaluate.ts');
    finish(await evaluate({ dir, ...options }, terminal, installation));
  });

  command('compare', 'What changed between runs of one plan, and whether it is more than noise.')
    .addHelpText('after', compareExitCodes)
    .argument('<dir>', 'folder of the run that the others are compared with')
    .argument('<others...>', 'folders of other runs')
    .addOption(choice('--format <name>', 'kind of output', ['text', 'md', 'json'], 'text'))
    .option('--json', 'the same as --format json')
    .option('--fail-on-regression', 'exit 1 when a figure got worse beyond noise, or cannot be compared')
    .action(async (first, others, options) => {
      const { compare } = await import('./compare.ts');
      finish(await compare({ dirs: [first, ...others], ...options }, terminal));
    });

  command('report', 'Writes the report of a run.')
    .argument('<dir>', 'folder of the run')
    .addOption(choice('--format <name>', 'kind of report', reportFormats).makeOptionMandatory())
    .option('--out <file>', 'file to write; default: standard output')
    .addOption(repeatable('--gate <expression>', 'of junit: a limit that the run must keep'))
    .action(async (dir, options) => {
      const { report } = await import('./report.ts');
      finish(await report({ dir, ...options }, terminal));
    });
}

function evaluationOptions(command: Command): Command {
  return command
    .optionsGroup('Quality (checks stand with the prompts):')
    .option('--judge <model>', 'model that judges the answers, by name or endpoint/model')
    .option('--rubric <text>', 'what a good answer is, for the judge; @FILE reads it')
    .addOption(number('--judge-repeats <n>', 'how often each answer is judged; default: 1', 1, 20))
    .option('--judge-pairs', 'also compare answers of different models, two at a time and in both orders')
    .option('--embedding-model <name>', 'whose embeddings the checks of type similarity compare');
}

function gateOptions(command: Command): Command {
  return command
    .optionsGroup('Gates:')
    .addOption(repeatable('--gate <expression>', 'a limit that the run must keep, as p95_ttft_ms<800'))
    .option('--junit <file>', 'write the gates as JUnit XML');
}
