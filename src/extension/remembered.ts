import type * as vscode from 'vscode';

const memoryKey = 'tierwise.answers';

/** Questions whose last answer is proposed the next time. */
export type RememberedQuestion =
  | 'concurrency'
  | 'rate'
  | 'ramp'
  | 'concurrencies'
  | 'rates'
  | 'search'
  | 'slo'
  | 'requests'
  | 'repeats'
  | 'judge'
  | 'rubric';

/** What the person answered last; undefined: nothing yet. */
export function lastAnswer(memory: vscode.Memento, question: RememberedQuestion): string | undefined {
  return memory.get<Partial<Record<RememberedQuestion, string>>>(memoryKey, {})[question];
}

export async function rememberAnswer(
  memory: vscode.Memento,
  question: RememberedQuestion,
  text: string,
): Promise<void> {
  const all = memory.get<Partial<Record<RememberedQuestion, string>>>(memoryKey, {});
  await memory.update(memoryKey, { ...all, [question]: text });
}
