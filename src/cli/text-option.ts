import { Failure } from '../core/failure.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { readText } from '../engine/config/read-text.ts';
import { textLimit } from '../engine/config/schema.ts';
import { wrongUse } from './options.ts';

/**
 * The text of an option that is a text or `@FILE`; undefined where it was not given.
 * @throws Failure `usage` for an empty or very long text, `input` for the file.
 */
export async function textOption(name: string, value: string | undefined): Promise<string | undefined> {
  if (value === undefined) return undefined;
  const text = value.startsWith('@') ? await readText(value.slice(1)) : value;
  if (text.trim() === '') throw wrongUse(`${name} is empty. Give a text, or @FILE.`);
  if (text.length <= textLimit) return text;
  const where = value.startsWith('@') ? plainText(value.slice(1), 200) : name;
  throw new Failure({
    code: 'input',
    message: `${where} is longer than ${textLimit} characters. Say it in fewer words.`,
  });
}
