import { Option } from 'commander';
import { oneOf, whole } from './options.ts';

/** An option with a few words to choose from. */
export function choice(flags: string, description: string, words: readonly string[], standard?: string): Option {
  const option = new Option(flags, `${description} (${words.join(', ')})`).argParser(oneOf(nameOf(flags), words));
  return standard === undefined ? option : option.default(standard);
}

/** An option that is a whole number from `least` to `most`. */
export function number(flags: string, description: string, least: number, most: number): Option {
  return new Option(flags, description).argParser(whole(nameOf(flags), least, most));
}

/** An option that may be given several times, once for each of its values. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description}; may be repeated`)
    .argParser((text: string, before: readonly string[]) => [...before, text])
    .default([], 'none');
}

/** Agreement to an address that a file alone may not ask for. */
export function allowOrigin(): Option {
  return repeatable('--allow-origin <origin>', 'allow plain http or a metadata address there');
}

function nameOf(flags: string): string {
  return flags.split(' ')[0] ?? flags;
}
