import { simulatedAnswer } from './answer.ts';

/**
 * What an honest judge says, as the trait `judge` lets any simulated model: it knows the right answer to every question that
 * is simulated, and scores by nothing else. Undefined: the prompt is none of a judge.
 */
export function judgement(model: string, prompt: string): string[] | undefined {
  const [, fence] = /\[(\S+) question begins\]\n/.exec(prompt) ?? [];
  const question = fence && textOf(prompt, fence, 'question');
  if (fence === undefined || question === undefined) return undefined;
  const key = simulatedAnswer(question);
  const answer = textOf(prompt, fence, 'answer');
  if (answer !== undefined) {
    const [, scale = '5'] = /from 1 \(worst\) to (\d+(?:\.\d+)?) \(best\)/.exec(prompt) ?? [];
    const right = answer.includes(key);
    return [`[simulated ${model}] The right answer is ${key}.`, '\n', `{"score": ${right ? scale : 1}}`];
  }
  const [first, second] = ['answer 1', 'answer 2'].map((name) => textOf(prompt, fence, name));
  if (first === undefined || second === undefined) return undefined;
  const [one, two] = [first.includes(key), second.includes(key)];
  const winner = one === two ? 'tie' : one ? '1' : '2';
  return [`[simulated ${model}] The right answer is ${key}.`, '\n', `{"winner": "${winner}"}`];
}

function textOf(prompt: string, fence: string, name: string): string | undefined {
  const begin = `[${fence} ${name} begins]\n`;
  const from = prompt.indexOf(begin);
  const to = prompt.indexOf(`\n[${fence} ${name} ends]`, from);
  return from < 0 || to < 0 ? undefined : prompt.slice(from + begin.length, to);
}
