/** Where a label may stand: its box in pixels, `y` the upper edge. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Labelled {
  /** The marker's centre. */
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface PlacedLabel {
  readonly x: number;
  /** Base line of the text. */
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

/** Half of a marker with its ring. */
const MARKER = 13;
const LINE = 14;
/** A generous mean width of a character at 12 px. */
const CHARACTER = 6.9;

/**
 * A place for each label beside its marker, where it covers no marker and no other label; undefined where there is none, which is what the
 * legend is for. Earlier points choose first.
 */
export function placeLabels(points: readonly Labelled[], area: Box): (PlacedLabel | undefined)[] {
  const taken: Box[] = points.map((point) => ({
    x: point.x - MARKER,
    y: point.y - MARKER,
    width: 2 * MARKER,
    height: 2 * MARKER,
  }));
  return points.map((point) => {
    const width = Array.from(point.text).length * CHARACTER;
    for (const { dx, dy, anchor } of CANDIDATES) {
      const box = { x: point.x + dx - width * BEFORE[anchor], y: point.y + dy - LINE + 3, width, height: LINE };
      if (!within(box, area) || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      return { x: point.x + dx, y: point.y + dy, anchor };
    }
    return undefined;
  });
}

/** The part of a label that stands before its anchor. */
const BEFORE = { start: 0, middle: 0.5, end: 1 };

const CANDIDATES = [
  { dx: -MARKER, dy: -MARKER - 4, anchor: 'start' },
  { dx: MARKER, dy: -MARKER - 4, anchor: 'end' },
  { dx: 0, dy: -MARKER - 4, anchor: 'middle' },
  { dx: -MARKER, dy: MARKER + LINE, anchor: 'start' },
  { dx: MARKER, dy: MARKER + LINE, anchor: 'end' },
  { dx: 0, dy: MARKER + LINE, anchor: 'middle' },
  { dx: -MARKER - 4, dy: 4, anchor: 'end' },
] as const;

function within(box: Box, area: Box): boolean {
  return (
    box.x >= area.x &&
    box.y >= area.y &&
    box.x + box.width <= area.x + area.width &&
    box.y + box.height <= area.y + area.height
  );
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** A long name without its middle: models of one provider differ at the end. The data table has it whole. */
export function shortName(name: string, max = 44): string {
  const points = Array.from(name);
  if (points.length <= max) return name;
  const tail = Math.floor((max - 1) / 2);
  return `${points.slice(0, max - 1 - tail).join('')}…${points.slice(-tail).join('')}`;
}
