/**
 * What a row of a data set is called that has no id of its own. `line` counts from 1. No row may give itself such an id
 * (`looksGenerated`), so one can never be taken for the other, in whatever order they stand.
 */
export function generatedId(line: number): string {
  return `row:${line}`;
}

/** Whether a given id reads as a generated one. */
export function looksGenerated(id: string): boolean {
  // More than one prompt may come from a line: row:3.2, row:3/p1/v2.
  return /^row:\d+(?:$|[./])/.test(id);
}
