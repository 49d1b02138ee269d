import { counted, grouped } from '../src/core/numbers.ts';
import type { PairVerdict, ShownPair } from '../src/protocol/webview.ts';
import { button } from './components.ts';
import { element } from './elements.ts';
import type { Host } from './host.ts';
import { textBlock } from './text-block.ts';

const VERDICTS: readonly (readonly [verdict: PairVerdict, label: string, keys: readonly string[]])[] = [
  ['left', 'A is better', ['1', 'a']],
  ['right', 'B is better', ['2', 'b']],
  ['tie', 'Tie', ['3', 't']],
  ['skip', 'Skip', ['0', 's']],
];

/** Two answers to one prompt, side by side, of which the page knows no more than their texts. */
export class BlindPairs {
  readonly element = element('section', 'tw-blind');
  readonly #host: Host;
  readonly #heading = element('h1', '', 'Which answer is better?');
  readonly #status = element('p', 'tw-facts');
  readonly #texts = element('div', 'tw-blind-texts');
  /** The pair that waits for a verdict. */
  #number: number | undefined;

  constructor(host: Host) {
    this.#host = host;
    this.#heading.tabIndex = -1;
    this.#heading.id = 'tw-blind';
    this.#status.setAttribute('role', 'status');
    this.element.setAttribute('aria-labelledby', this.#heading.id);
    const verdicts = VERDICTS.map(([verdict, label, [digit = '']]) =>
      button(`${label} (${digit})`, () => this.#decide(verdict), { primary: verdict !== 'skip' }),
    );
    const bar = element(
      'div',
      'tw-actions tw-verdicts',
      ...verdicts,
      button('Show result', () => host.send({ type: 'refresh' }), { spoken: 'Show result and end here' }),
    );
    bar.setAttribute('role', 'group');
    bar.setAttribute('aria-label', 'Your verdict');
    const note = element(
      'p',
      'tw-note',
      'Sides are shuffled, and this page is not told who wrote what; where an answer names a model of the run, it reads ‹model›. Keys: 1 or a, 2 or b, 3 or t for a tie, 0 or s to skip. What you decided is kept; you can end at any time.',
    );
    this.element.append(this.#heading, this.#status, this.#texts, bar, note);
  }

  show(pair: ShownPair): void {
    const { number, prompt, left, right, rated, skipped, remaining } = pair;
    this.#number = number;
    const skips = skipped === 0 ? '' : `, ${grouped(skipped)} skipped`;
    this.#status.textContent = `${counted(rated, 'pair')} rated${skips}, ${grouped(remaining)} left`;
    const side = (name: string, text: string) =>
      element('div', 'tw-side', element('h2', '', name), ...textBlock(text, name));
    this.#texts.replaceChildren(
      element('h2', '', 'Prompt'),
      ...textBlock(prompt, 'Prompt'),
      element('div', 'tw-sides', side('Answer A', left), side('Answer B', right)),
    );
    this.#heading.focus();
  }

  /** Takes a key pressed anywhere on the page. */
  key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const verdict = VERDICTS.find(([, , keys]) => keys.includes(event.key.toLowerCase()))?.[0];
    if (!verdict) return;
    event.preventDefault();
    this.#decide(verdict);
  }

  #decide(verdict: PairVerdict): void {
    if (this.#number === undefined) return;
    this.#host.send({ type: 'pairVerdict', number: this.#number, verdict });
    // One verdict for each pair: the next one comes with a number of its own.
    this.#number = undefined;
  }
}
