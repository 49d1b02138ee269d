import * as vscode from 'vscode';
import type { ArrivalKind, Load, Slo, StageLoad } from '../core/benchmark/load.ts';
import { planLimits } from '../core/benchmark/plan-limits.ts';
import { parseTrace } from '../core/benchmark/trace.ts';
import { plannedLoad } from '../engine/config/load-setting.ts';
import type { Choice } from './benchmark-choice.ts';
import { baseName, readText } from './dataset-file.ts';
import { concurrenciesIn, rangeIn, rateIn, ratesIn, sloIn, sloText, wholeIn } from './load-answers.ts';
import { answered, problemOf } from './questions.ts';
import { lastAnswer, type RememberedQuestion, rememberAnswer } from './remembered.ts';
import type { Services } from './services.ts';

/** Bytes of a trace that the editor reads. */
const mostBytes = 64 * 1024 * 1024;

type Pattern = 'fixed' | 'rate' | 'ramp' | 'concurrencies' | 'rates' | 'search' | 'trace';

const patterns: readonly (vscode.QuickPickItem & { readonly pattern: Pattern })[] = [
  {
    label: '$(layers) Fixed number in flight',
    detail: 'The next request is sent when one ends, as by people who wait for their answers.',
    pattern: 'fixed',
  },
  {
    label: '$(pulse) Rate',
    detail: 'By the clock, at random (Poisson), whatever the endpoint does: as people ask.',
    pattern: 'rate',
  },
  { label: '$(graph-line) Ramp', detail: 'A rate that grows or falls over the run.', pattern: 'ramp' },
  {
    label: '$(list-ordered) Sweep over numbers in flight',
    detail: 'One stage after another, each with all requests: where more in flight brings no more.',
    pattern: 'concurrencies',
  },
  {
    label: '$(list-ordered) Sweep over rates',
    detail: 'One stage after another, each with all requests: where waiting begins.',
    pattern: 'rates',
  },
  {
    label: '$(target) Highest rate that keeps an SLO',
    detail: 'Tries rates until the highest is found at which 95 % of the requests keep your limits.',
    pattern: 'search',
  },
  {
    label: '$(history) Replay a trace',
    detail: 'A JSONL or CSV file with a timestamp for each request, sent as they came then.',
    pattern: 'trace',
  },
];

/** Asks for load and what goes with it. @throws CancellationError when the person leaves. */
export async function chosenLoad(services: Services, choice: Choice): Promise<Choice> {
  const { pattern } = answered(
    await vscode.window.showQuickPick(patterns, {
      title: 'Tierwise: load',
      placeHolder: 'How do requests arrive?',
      matchOnDetail: true,
      ignoreFocusOut: true,
    }),
  );
  const arrivals = services.settings.get('benchmark.load').arrivals ?? 'poisson';
  switch (pattern) {
    case 'fixed': {
      const text = await typed(services, 'concurrency', 'Requests in flight at once, over all models', '4', (text) =>
        wholeIn(text, planLimits.concurrency),
      );
      return { ...choice, load: undefined, concurrency: wholeIn(text, planLimits.concurrency) };
    }
    case 'search': {
      const text = await typed(
        services,
        'search',
        'Rates between which to search, requests per second to each model',
        '1 to 50',
        (text) => rangeIn(text, true),
      );
      const slo = await chosenSlo(services, choice.slo, true);
      const load = await plannedLoad({ searchRate: rangeIn(text, true), arrivals }, slo);
      return { ...choice, slo, load, concurrency: undefined };
    }
    default:
      return { ...choice, load: await openLoad(services, pattern, arrivals), concurrency: undefined };
  }
}

async function openLoad(
  services: Services,
  pattern: Exclude<Pattern, 'fixed' | 'search'>,
  arrivals: ArrivalKind,
): Promise<Load> {
  const open = (perSecond: number): StageLoad => ({ kind: 'open', arrivals, perSecond });
  switch (pattern) {
    case 'rate':
      return {
        pattern: 'steady',
        load: open(rateIn(await typed(services, 'rate', 'Requests per second to each model', '2', rateIn))),
      };
    case 'ramp': {
      const text = await typed(
        services,
        'ramp',
        'Requests per second to each model, at the beginning and at the end',
        '1 to 10',
        (text) => rangeIn(text, false),
      );
      const { from, to } = rangeIn(text, false);
      return { pattern: 'steady', load: { kind: 'open', arrivals, perSecond: from, toPerSecond: to } };
    }
    case 'concurrencies': {
      const text = await typed(
        services,
        'concurrencies',
        'Requests in flight at once, a number for each stage',
        '1, 4, 16',
        concurrenciesIn,
      );
      return {
        pattern: 'sweep',
        stages: concurrenciesIn(text).map((concurrency) => ({ kind: 'closed', concurrency })),
      };
    }
    case 'rates': {
      const text = await typed(
        services,
        'rates',
        'Requests per second to each model, a number for each stage',
        '1, 2, 5',
        ratesIn,
      );
      return { pattern: 'sweep', stages: ratesIn(text).map(open) };
    }
    case 'trace':
      return { pattern: 'trace', offsetsMs: await pickedTrace() };
  }
}

async function pickedTrace(): Promise<number[]> {
  const [uri] = answered(
    await vscode.window.showOpenDialog({
      title: 'Tierwise: trace to replay',
      openLabel: 'Replay',
      filters: { Traces: ['jsonl', 'ndjson', 'csv'] },
    }),
  );
  if (!uri) throw new vscode.CancellationError();
  return parseTrace(await readText(uri, mostBytes), baseName(uri));
}

/** Asks what a good request is. */
export async function chosenSlo(services: Services, slo: Slo, needed: boolean): Promise<Slo> {
  const read = (text: string) => {
    const limits = sloIn(text);
    // A search has nothing else to go by.
    return needed && Object.keys(limits).length === 0 ? sloIn('?') : limits;
  };
  const question =
    'Limits in ms that a good request keeps: ttft (first token), tpot (each further token), e2e (whole answer)';
  const text = await typed(
    services,
    'slo',
    needed ? question : `${question}. Leave empty for none`,
    needed ? 'ttft 800' : '',
    read,
    sloText(slo),
  );
  return sloIn(text);
}

/** What is asked for, seen also while a message about the answer stands in the question's place. */
const titles: Record<Exclude<RememberedQuestion, 'judge'>, string> = {
  concurrency: 'requests in flight',
  rate: 'rate',
  ramp: 'ramp',
  concurrencies: 'sweep over numbers in flight',
  rates: 'sweep over rates',
  search: 'highest rate that keeps an SLO',
  slo: 'SLO',
  requests: 'requests',
  repeats: 'repeats',
  rubric: 'rubric of the judge',
};

/** Asks for text, with the last answer (or what holds now) in place, and remembers the new one. */
export async function typed(
  { context }: Services,
  question: keyof typeof titles,
  prompt: string,
  usual: string,
  check: (text: string) => unknown,
  now = '',
): Promise<string> {
  const memory = context.globalState;
  const text = answered(
    await vscode.window.showInputBox({
      title: `Tierwise: ${titles[question]}`,
      prompt,
      value: now || (lastAnswer(memory, question) ?? usual),
      ...(usual !== '' && { placeHolder: usual }),
      ignoreFocusOut: true,
      validateInput: (text) => problemOf(() => check(text)),
    }),
  );
  await rememberAnswer(memory, question, text);
  return text;
}
