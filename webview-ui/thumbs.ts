import { element } from './elements.ts';

/** Two buttons that stay pressed: an answer is good, or bad. */
export interface Thumbs {
  readonly element: HTMLElement;
  /** Shows what is kept: 1 up, -1 down, 0 none. `said`: a person has just changed it. */
  show(value: number, said: boolean): void;
}

/** `rate` is asked to keep a thumb; pressing the one that is pressed takes it back. */
export function thumbs(value: number, rate: (value: 1 | 0 | -1) => void): Thumbs {
  let kept = value;
  const toggle = (own: 1 | -1, label: string) => {
    const press = element('button', 'tw-thumb', hand(own), label);
    press.type = 'button';
    press.title = 'Press again to take it back';
    press.addEventListener('click', () => rate(kept === own ? 0 : own));
    return press;
  };
  const up = toggle(1, 'Good answer');
  const down = toggle(-1, 'Bad answer');
  const status = element('span', 'tw-note');
  status.setAttribute('role', 'status');
  const group = element('div', 'tw-thumbs', up, down, status);
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', 'Rate this answer');
  const show = (next: number, said: boolean) => {
    kept = next;
    up.setAttribute('aria-pressed', String(next > 0));
    down.setAttribute('aria-pressed', String(next < 0));
    if (said) status.textContent = next === 0 ? 'Taken back.' : 'Kept.';
  };
  show(value, false);
  return { element: group, show };
}

const SVG = 'http://www.w3.org/2000/svg';

/** A hand with its thumb up, or down. */
function hand(value: 1 | -1): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute(
    'd',
    'M2 7.5h2.5v6H2zM6.5 13V7.5L9 2.5c1.2 0 1.7.9 1.5 1.9L10 6.5h3.2c.8 0 1.3.7 1.1 1.5l-1 4.3c-.2.7-.7 1.2-1.5 1.2H7.5z',
  );
  if (value < 0) path.setAttribute('transform', 'rotate(180 8 8)');
  svg.append(path);
  return svg;
}
