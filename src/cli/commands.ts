import { Command, Option } from 'commander';
import { planLimits } from '../core/benchmark/plan-limits.ts';
import { defaultScorer, scorerIds } from '../core/complexity/scorers.ts';
import type { Preference } from '../core/routing/tier.ts';
import { allowOrigin, choice, number } from './flags.ts';
import { positive } from './options.ts';
import { runCommands } from './run-commands.ts';
import type { ExitCode, Terminal } from './terminal.ts';

/** Where the parts of an installed Tierwise lie. */
export interface Installation {
  readonly version: string;
  /** Script of the measuring process. */
  readonly measureEntry: string;
  /** Folder with the sample prompts. */
  readonly samples: string;
}

const preferences: readonly Preference[] = ['cost', 'quality', 'balanced'];

/** How each command is typed; shown in its help and when it is used wrongly. */
export const usages = {
  estimate: '[--json] [--scorer learned|seed] [--profile NAME|FILE] [--preference cost|quality|balanced] [FILE|-]',
  recommend: '--config FILE [--profile NAME|FILE] [--preference cost|quality|balanced] [--log FILE] [--json] [FILE|-]',
  decisions: 'FILE [--json]',
  ask: 'DATASET --config FILE --model NAME [--out FILE] [--batch-size N] [--offline] [--max-cost USD]',
  bench:
    '--config FILE --prompts FILE --out DIR [--models a,b] [--requests N] [--rate N] [--judge MODEL] [--gate EXPR]',
  resume: 'DIR [--config FILE] [--max-cost USD] [--gate EXPR] [--json]',
  evaluate: 'DIR --config FILE [--checks DATASET] [--judge MODEL --rubric TEXT] [--gate EXPR]',
  compare: 'DIR DIR… [--format text|md|json] [--fail-on-regression]',
  report: 'DIR --format html|md|csv|json|text|otel|junit [--out FILE]',
  models: '--config FILE [--json]',
  endpoints:
    '--config FILE | --databricks [--profile P | --host H] [--resolve MODEL] | --discover; [--add FILE] [--json]',
  simulate: '[--port N] [--speed X] [--faults 429=0.1,reset=0.05] [--json]',
  demo: '[--out FILE] [--json]',
} as const;

const askExitCodes = `
Exit codes: 0 all answered, or stopped at the cost ceiling, 2 wrong use, configuration, input or disk,
3 a prompt has no answer because the endpoint failed, 130 interrupted; with --out the same command then goes on.`;

/**
 * All commands with their options. What a command does is loaded only when it is asked for, so that help and
 * estimates start fast. `finish` receives the exit code.
 */
export function commands(terminal: Terminal, installation: Installation, finish: (code: ExitCode) => void): Command {
  const program = new Command('tierwise')
    .description('Tells you which language model a prompt needs, and proves it on your own endpoints.')
    .version(installation.version)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => void terminal.out(text), writeErr: () => {}, outputError: () => {} });
  const command = (name: keyof typeof usages, description: string) =>
    program.command(name).description(description).usage(usages[name]);

  command('estimate', 'Complexity, tier and tokens of prompts. A .jsonl file has one prompt a row; else one prompt.')
    .argument('[file]', 'file, or - for standard input', '-')
    .option('--json', 'one line of JSON for each prompt')
    .addOption(scorerOption())
    .option('--profile <name>', profileWords)
    .addOption(choice('--preference <name>', 'cost multiplies scores by 0.7, quality by 1.3', preferences))
    .option('--config <file>', 'configuration with tiers, rules and the rest of what routing goes by')
    .action(async (file, options) => {
      const { estimate } = await import('./estimate.ts');
      finish(await estimate({ file, ...options }, terminal));
    });

  command('recommend', 'Which of your models a prompt should go to, why, and what it will cost.')
    .argument('[file]', 'file, or - for standard input', '-')
    .requiredOption('--config <file>', 'configuration with your endpoints')
    .addOption(choice('--preference <name>', 'what matters most; default: from the configuration', preferences))
    .addOption(scorerOption())
    .option('--profile <name>', profileWords)
    .option('--log <file>', 'add each recommendation to this decision log: a hash of the prompt, never its text')
    .option('--json', 'one line of JSON for each prompt')
    .action(async (file, options) => {
      const { recommend } = await import('./recommend.ts');
      finish(await recommend({ file, ...options }, terminal));
    });

  command('decisions', 'What a decision log comes to: by tier, model and day, and how often advice was followed.')
    .argument('<file>', 'log that --log wrote')
    .option('--json', 'print it as JSON')
    .action(async (file, options) => {
      const { decisions } = await import('./decisions.ts');
      finish(await decisions({ file, ...options }, terminal));
    });

  command('ask', 'Answers a data set with one model: a row of JSON for each prompt, in the order of the data set.')
    .addHelpText('after', askExitCodes)
    .argument('<dataset>', 'data set (.jsonl, .yaml) or a file that is one prompt; - for standard input')
    .requiredOption('--config <file>', 'configuration with your endpoints')
    .requiredOption('--model <name>', 'the model, by name or endpoint/model')
    .option('--out <file>', 'file for the answers; one that is there is continued, and what has an answer is not asked')
    .addOption(number('--batch-size <n>', 'prompts in one request, where the protocol has a form for it', 1, 10_000))
    .option('--offline', "through OpenAI's Batch API: cheaper, within a day; the same command goes on with it")
    .option('--cancel', 'with --offline: cancel what is under way, and keep what was answered')
    .addOption(number('--concurrency <n>', 'requests in flight at once', ...planLimits.concurrency))
    .addOption(number('--max-tokens <n>', 'most output tokens to ask for', ...planLimits.maxTokens))
    .addOption(
      number(
        '--max-retries <n>',
        'further tries after a rate limit or an overload; default: 3',
        ...planLimits.maxRetries,
      ),
    )
    .addOption(
      new Option('--timeout <s>', 'seconds that one request may take, or adaptive: from complexity and recent answers')
        .argParser(secondsOrAdaptive)
        .default('adaptive'),
    )
    .option('--max-cost <usd>', 'send nothing that could bring the answers above this cost', positive('--max-cost'))
    .option('--prompts', 'repeat the prompt in each row')
    .option('--log <file>', 'add what was advised and this model to a decision log, for each prompt with an answer')
    .addOption(allowOrigin())
    .option('--yes', 'do not ask before spending')
    .option('--json', 'with --out, print what was done as JSON')
    .action(async (dataset, options) => {
      const { ask } = await import('./ask.ts');
      finish(await ask({ dataset, ...options }, terminal));
    });

  runCommands(command, terminal, installation, finish);

  command('models', 'Your models with prices, where these come from, context and task. Nothing is sent.')
    .requiredOption('--config <file>', 'configuration with your endpoints')
    .option('--json', 'print them as JSON')
    .action(async (options) => {
      const { models } = await import('./models.ts');
      finish(await models(options, terminal));
    });

  command(
    'endpoints',
    'Your endpoints and their sign-in, what a Databricks workspace serves, or what runs on this machine.',
  )
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 --resolve found nothing that fits, 2 wrong use or an endpoint with a problem,
3 the workspace refused or could not be reached.`,
    )
    .option('--config <file>', 'configuration whose endpoints are listed')
    .option('--databricks', 'list the serving endpoints of a Databricks workspace')
    .option('--profile <name>', 'profile of ~/.databrickscfg; default: environment, then DEFAULT')
    .option('--host <address>', 'address of the workspace; default: that of environment or profile')
    .option('--dbu-rate <usd>', 'USD for one DBU; default: 0.07', positive('--dbu-rate'))
    .option('--resolve <model>', 'what this name means in the workspace, for example databricks-dbrx-instruct')
    .option('--discover', 'look for model servers on this machine')
    .option('--add <file>', 'write what was found into this configuration; comments stay')
    .option('--id <name>', 'what to call the workspace there; default: from its address')
    .option('--json', 'print as JSON')
    .action(async (options) => {
      const { endpoints } = await import('./endpoints.ts');
      finish(await endpoints(options, terminal));
    });

  command(
    'simulate',
    'Serves a simulated endpoint on this machine until it is stopped. It speaks OpenAI (chat, completions, responses, embeddings, batches), Azure OpenAI, Anthropic, Ollama and Databricks; what it prints says where.',
  )
    .addOption(number('--port <n>', 'port; default: a free one', 0, 65_535))
    .addOption(number('--seed <n>', 'same seed, same answers and delays', ...planLimits.seed))
    .option('--speed <x>', 'divides every delay', positive('--speed'))
    .option('--faults <list>', 'share of requests for each fault, for example 429=0.1,reset=0.05')
    .option('--truth <file>', 'log what was really sent when, one line of JSON for each request')
    .option('--api-key-env <name>', 'ask clients for the key in this environment variable')
    .option('--json', 'print address and models as one line of JSON')
    .action(async (options) => {
      const { simulate } = await import('./simulate.ts');
      finish(await simulate(options, terminal));
    });

  command('demo', 'Shows everything once against a simulated endpoint, in less than a minute.')
    .option('--out <file>', 'where the report goes', 'out/demo-report.html')
    .option('--json', 'print what was found as JSON')
    .action(async (options) => {
      const { demo } = await import('./demo.ts');
      finish(await demo(options, terminal, installation));
    });

  return program;
}

function scorerOption(): Option {
  return choice('--scorer <name>', `how to score; default: from the configuration, else ${defaultScorer}`, scorerIds);
}

const profileWords = 'profile of calibrate to read scores by, a name or a file; default: from the configuration';

function secondsOrAdaptive(text: string): number | 'adaptive' {
  return text === 'adaptive' ? text : positive('--timeout')(text);
}
