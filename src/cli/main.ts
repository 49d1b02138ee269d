import { join } from 'node:path';
import { CommanderError } from 'commander';
import { version } from '../../package.json';
import { Failure, type FailureCode } from '../core/failure.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { redact } from '../engine/http/redact.ts';
import { commands, usages } from './commands.ts';
import { type ExitCode, exit, processTerminal } from './terminal.ts';

/** Failures that the person mends before the next try; all others came from an endpoint. */
const mendable: ReadonlySet<FailureCode> = new Set(['usage', 'config', 'input', 'local']);

async function main(args: readonly string[]): Promise<ExitCode> {
  const terminal = processTerminal();
  const installation = {
    version,
    measureEntry: join(__dirname, 'measure.js'),
    samples: join(__dirname, '..', 'samples'),
  };
  let code: ExitCode = exit.done;
  try {
    const program = commands(terminal, installation, (finished) => {
      code = finished;
    });
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exit.done;
    const shown = explain(error, args);
    terminal.note(shown.line);
    if (shown.code === exit.defect && terminal.env.TIERWISE_DEBUG === '1')
      terminal.note(redact(String((error as Error)?.stack)));
    return shown.code;
  }
}

/** One line for a person: what is wrong and what to type. */
function explain(error: unknown, args: readonly string[]): { line: string; code: ExitCode } {
  const command = args.find((arg): arg is keyof typeof usages => Object.hasOwn(usages, arg));
  const type =
    command === undefined
      ? `tierwise ${Object.keys(usages).join('|')}, or tierwise --help`
      : `tierwise ${command} ${usages[command]}`;
  if (error instanceof CommanderError) {
    const what = command === undefined && args.length === 0 ? 'no command' : error.message.replace(/^error: /, '');
    return { line: `tierwise: ${plainText(what, 300).replace(/\.$/, '')}. Type: ${type}`, code: exit.wrongUse };
  }
  if (error instanceof Failure) {
    const hint = error.code === 'usage' ? ` Type: ${type}` : '';
    return {
      line: `tierwise: ${plainText(error.message, 2000)}${hint}`,
      code: error.code === 'cancelled' ? exit.interrupted : mendable.has(error.code) ? exit.wrongUse : exit.endpoint,
    };
  }
  return {
    line: `tierwise: a defect in Tierwise: ${plainText(redact(String(error)), 300)}. Set TIERWISE_DEBUG=1 to see where.`,
    code: exit.defect,
  };
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
