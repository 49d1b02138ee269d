import { grouped } from '../src/core/numbers.ts';
import { button } from './components.ts';
import { element } from './elements.ts';

/** Characters that are shown at first. */
const MOST_AT_FIRST = 6_000;

/** A text from outside, as text only, that scrolls; of a long one the beginning, with a button that shows all of it. */
export function textBlock(text: string, name: string): HTMLElement[] {
  const pre = element('pre', 'tw-text', text === '' ? '(empty)' : beginning(text));
  pre.dir = 'auto';
  pre.tabIndex = 0;
  pre.setAttribute('role', 'region');
  pre.setAttribute('aria-label', name);
  if (pre.textContent.length >= text.length) return [pre];
  const label = `Show all ${grouped(text.length)} characters`;
  const all = button(
    label,
    () => {
      pre.textContent = text;
      all.remove();
      pre.focus();
    },
    { spoken: `${label}: ${name}` },
  );
  all.classList.add('tw-all');
  return [pre, all];
}

function beginning(text: string): string {
  if (text.length <= MOST_AT_FIRST) return text;
  // Never half a character.
  const last = text.charCodeAt(MOST_AT_FIRST - 1);
  return `${text.slice(0, last >= 0xd800 && last < 0xdc00 ? MOST_AT_FIRST - 1 : MOST_AT_FIRST)}…`;
}
