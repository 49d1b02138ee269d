import { expect, test } from 'vitest';
import { placeLabels, shortName } from './labels.ts';

const area = { x: 0, y: 0, width: 600, height: 300 };

test('a label stands beside its marker and inside the picture', () => {
  const [left, right] = placeLabels(
    [
      { x: 40, y: 150, text: 'a model' },
      { x: 590, y: 150, text: 'a model at the edge' },
    ],
    area,
  );
  expect(left).toMatchObject({ anchor: 'start' });
  expect(right).toMatchObject({ anchor: 'end' });
});

test('no two labels cover each other, and one without room is left to the legend', () => {
  const crowd = Array.from({ length: 12 }, (_, index) => ({
    x: 300 + index,
    y: 150,
    text: `a rather long model name ${index}`,
  }));
  const placed = placeLabels(crowd, area);
  const lines = placed.flatMap((label) => (label ? [`${label.anchor} ${label.y}`] : []));
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(crowd.length);
});

test('a long name keeps its beginning and its end', () => {
  const short = shortName('provider/a-very-long-model-name-2026-11-instruct', 20);
  expect(Array.from(short)).toHaveLength(20);
  expect(short).toMatch(/^provider.*instruct$/);
  expect(shortName('short')).toBe('short');
});
