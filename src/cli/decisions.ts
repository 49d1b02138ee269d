import { plainText } from '../core/prompts/plain-text.ts';
import { aligned } from '../core/report/aligned.ts';
import { type DecisionSummary, type Followed, summariseDecisions } from '../core/routing/decision-summary.ts';
import { formatScore } from '../core/routing/route.ts';
import { readDecisions } from '../engine/decisions/decision-log.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface DecisionsOptions {
  readonly file: string;
  readonly json?: true;
}

/** Prints what a decision log comes to: by tier, model and day, and how often the advice was followed. */
export async function decisions({ file, json }: DecisionsOptions, terminal: Terminal): Promise<ExitCode> {
  const count = { damaged: 0 };
  const summary = summariseDecisions(readDecisions(file, count));
  if (count.damaged > 0) terminal.note(`tierwise: ${count.damaged} lines are no decisions and are left out.`);
  await terminal.out(json === true ? `${JSON.stringify({ ...summary, damaged: count.damaged })}\n` : inWords(summary));
  return exit.done;
}

function inWords(summary: DecisionSummary): string {
  if (summary.decisions === 0) return 'There is no decision in it.\n';
  const { decisions: all, from = '', to = '', meanScore = 0, unsure, advice } = summary;
  const by = Object.entries(summary.decidedBy).map(([name, times]) => `${name} ${times}`);
  return [
    `${all} decisions from ${from.slice(0, 10)} to ${to.slice(0, 10)}, mean score ${formatScore(meanScore)}, ${unsure} unsure.`,
    `The tier was decided by: ${by.length === 0 ? 'not said' : by.join(', ')}.`,
    `Advice was followed: ${followedWords(advice)}.`,
    '',
    ...aligned(
      [
        ['tier', 'decisions', 'mean score'],
        ...summary.tiers.map((one) => [
          one.tier,
          String(one.decisions),
          one.meanScore === undefined ? '' : formatScore(one.meanScore),
        ]),
      ],
      ['left', 'right', 'right'],
    ),
    '',
    ...aligned(
      [
        ['model', 'advised', 'used'],
        ...summary.models.map(({ model, advised, used }) => [plainText(model, 60), String(advised), String(used)]),
      ],
      ['left', 'right', 'right'],
    ),
    '',
    ...aligned(
      [
        ['day', 'decisions', 'mean score', 'followed'],
        ...summary.days.map((one) => [
          plainText(one.day, 10),
          String(one.decisions),
          formatScore(one.meanScore),
          followedWords(one),
        ]),
      ],
      ['left', 'right', 'right', 'left'],
    ),
    '',
  ].join('\n');
}

function followedWords({ followed, of }: Followed): string {
  return of === 0 ? 'no use was logged' : `${followed} of ${of} (${Math.round((followed / of) * 100)} %)`;
}
