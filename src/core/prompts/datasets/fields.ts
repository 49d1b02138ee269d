/** What a row's fields are called, in the order in which they are looked for. Letters may be large or small. */
export const fieldNames = {
  prompt: ['prompt', 'question', 'input', 'text'],
  reference: ['reference', 'answer', 'expected', 'ideal'],
} as const;

/** A row of any format: what stands under each of its names. */
export type Fields = ReadonlyMap<string, unknown>;

/** The field of a row that goes by one of these names and holds something. */
export function fieldOf(
  row: Fields,
  names: readonly string[],
): { readonly name: string; readonly value: unknown } | undefined {
  for (const name of names) {
    const value = row.get(name);
    if (value !== undefined && value !== null) return { name, value };
  }
  for (const wanted of names) {
    for (const [name, value] of row) {
      if (value !== undefined && value !== null && name.trim().toLowerCase() === wanted) return { name, value };
    }
  }
  return undefined;
}

/** What a value is, in words: `a list`, `a number`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
