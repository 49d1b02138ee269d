import { expect, it } from 'vitest';
import { InFlight } from './in-flight.ts';

it('holds what was added and not removed, whatever leaves first', () => {
  const crowd = new InFlight<number>();
  const held = new Map<number, ReturnType<typeof crowd.add>>();
  let state = 7;
  for (let item = 0; item < 2_000; item++) {
    held.set(item, crowd.add(item));
    state = (state * 48_271) % 2_147_483_647;
    while (held.size > state % 40) {
      const [leaving] = [...held.keys()].slice(state % held.size);
      const place = leaving === undefined ? undefined : held.get(leaving);
      if (leaving === undefined || !place) break;
      crowd.remove(place);
      // Once more changes nothing.
      crowd.remove(place);
      held.delete(leaving);
    }
    expect(crowd.size).toBe(held.size);
    expect(crowd.all().sort((a, b) => a - b)).toEqual([...held.keys()].sort((a, b) => a - b));
  }
});

it('can be changed while its items are gone through', () => {
  const crowd = new InFlight<string>();
  const places = ['a', 'b', 'c'].map((item) => crowd.add(item));
  const seen: string[] = [];
  for (const item of crowd.all()) {
    seen.push(item);
    for (const place of places) crowd.remove(place);
    crowd.add('d');
  }
  expect(seen).toEqual(['a', 'b', 'c']);
});
