import { compilePattern, type Pattern } from './rule-pattern.ts';

/** Paths are short, so a glob may be long. */
const maxSteps = 2_000;

/**
 * A glob over a path with `/`: `*` is any text within a folder's or file's name, `**` any folders, `?` one character,
 * `{a,b}` one of these; all else is itself, large and small letters being different. A glob without `/` is compared
 * with the last name of the path. Linear in the path's length.
 * @throws Failure `config` where the glob comes to too many steps
 */
export function compileGlob(glob: string): (path: string) => boolean {
  const pattern: Pattern = compilePattern(`^(?:${sourceOf(glob)})$`, 'u', maxSteps);
  if (glob.includes('/')) return (path) => pattern.found(path);
  return (path) => pattern.found(path.slice(path.lastIndexOf('/') + 1));
}

function sourceOf(glob: string): string {
  const closed = balanced(glob);
  let source = '';
  let depth = 0;
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i] ?? '';
    if (glob.startsWith('**/', i) && (i === 0 || glob[i - 1] === '/')) {
      source += '(?:[\\s\\S]*/)?';
      i += 2;
    } else if (glob.startsWith('**', i)) {
      source += '[\\s\\S]*';
      i += 1;
    } else if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '{' && closed) {
      source += '(?:';
      depth++;
    } else if (character === '}' && closed) {
      source += ')';
      depth--;
    } else if (character === ',' && depth > 0) source += '|';
    else source += /[\\^$.|+()[\]{}/]/.test(character) ? `\\${character}` : character;
  }
  return source;
}

/** Braces that do not pair are meant as they stand. */
function balanced(glob: string): boolean {
  let depth = 0;
  for (const character of glob) {
    if (character === '{') depth++;
    else if (character === '}' && --depth < 0) return false;
  }
  return depth === 0;
}
