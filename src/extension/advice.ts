import * as vscode from 'vscode';
import { formatUsdRange } from '../core/catalog/cost.ts';
import { largestFactors } from '../core/complexity/explain.ts';
import { escapeMarkdown, plainText } from '../core/prompts/plain-text.ts';
import { formatScore, type Route } from '../core/routing/route.ts';
import type { CommandId } from './command-ids.ts';
import { formatCount, label } from './labels.ts';
import { type Subject, targetOf } from './subject.ts';

/** The commands that a hover may run, whatever its text says. */
const linked = [
  'tierwise.explain',
  'tierwise.runPrompt',
  'tierwise.benchmarkSelection',
  'tierwise.addEndpoint',
] as const;

/** `~120 tokens (95–150)`. */
export function tokenWords({ tokens: { tokens, low, high } }: Route): string {
  const band = low === high ? '' : ` (${formatCount(low)}–${formatCount(high)})`;
  return `~${formatCount(tokens)} tokens${band}`;
}

/** `medium · 0.42`; the score is the one that decides, under the preference. */
export function tierWords({ tier, adjustedScore }: Route): string {
  return `${tier.name} · ${formatScore(adjustedScore)}`;
}

/** `$0.0001 to $0.0003`, or what is missing to know it. */
export function costWords({ cost, model }: Route): string {
  if (cost) return formatUsdRange(cost);
  return model ? 'cost unknown: the model has no price' : 'cost unknown: no model';
}

/** The advice on a prompt for a hover. No text of the prompt, the model or the endpoint is Markdown in it. */
export function adviceMarkdown(subject: Subject, advice: Route, problem?: string): vscode.MarkdownString {
  const target = targetOf(subject);
  const paragraphs = [
    `**${advice.tier.name}** tier · complexity **${formatScore(advice.complexity.score)}**${adjustment(advice)}`,
    modelLine(advice),
    tokenLine(advice),
    factorList(advice),
    [
      link('Explain', 'tierwise.explain', target),
      link('Run', 'tierwise.runPrompt', target),
      link('Benchmark', 'tierwise.benchmarkSelection', target),
    ].join(' · '),
    ...(problem === undefined ? [] : [name(problem)]),
  ];
  const markdown = new vscode.MarkdownString(paragraphs.join('\n\n'), false);
  markdown.isTrusted = { enabledCommands: [...linked] };
  markdown.supportHtml = false;
  return markdown;
}

function adjustment({ preference, adjustedScore }: Route): string {
  return preference === 'balanced' ? '' : ` (${formatScore(adjustedScore)} with preference ${preference})`;
}

function modelLine({ model, reasons }: Route): string {
  if (model) return `Send it to **${name(model.ref)}**${model.simulated ? ' (simulated)' : ''}`;
  return `${name(reasons.at(-1) ?? '')} ${link('Add Endpoint', 'tierwise.addEndpoint')}`;
}

function tokenLine(advice: Route): string {
  if (!advice.model) return tokenWords(advice);
  const { low, high } = advice.expectedOutput;
  const output = low === high ? formatCount(low) : `${formatCount(low)}–${formatCount(high)}`;
  return `${tokenWords(advice)} · ${costWords(advice)} with an answer of ${output} tokens`;
}

function factorList({ complexity }: Route): string {
  const factors = largestFactors(complexity, 3);
  if (factors.length === 0) return 'Nothing in it speaks for a larger model.';
  return factors.map(({ words, contribution }) => `- ${name(words)}: +${formatScore(contribution)}`).join('\n');
}

function link(words: string, command: (typeof linked)[number] & CommandId, argument?: unknown): string {
  const query = argument === undefined ? '' : `?${encodeURIComponent(JSON.stringify([argument]))}`;
  return `[${words}](command:${command}${query})`;
}

/** Text that others wrote, as one line that Markdown leaves alone. */
export function name(text: string): string {
  return escapeMarkdown(plainText(text));
}

/** `medium · 0.42 · local/small`. */
export function lensTitle(advice: Route): string {
  // An ordinary space would be swallowed after the icon.
  return `$(telescope)\u00a0${tierWords(advice)} · ${advice.model ? label(advice.model.ref) : 'no model configured'}`;
}

export function statusText(advice: Route): string {
  return `$(telescope) ${tierWords(advice)}`;
}

export function statusTooltip(advice: Route): vscode.MarkdownString {
  const why = largestFactors(advice.complexity, 1)[0]?.words ?? 'Nothing in it speaks for a larger model';
  return new vscode.MarkdownString(
    [
      `Tierwise: **${advice.tier.name}** tier, complexity ${formatScore(advice.complexity.score)}`,
      `Model: ${advice.model ? name(advice.model.ref) : 'none configured'}`,
      `${tokenWords(advice)} · ${name(why)}`,
      'Click to explain',
    ].join('\n\n'),
  );
}
