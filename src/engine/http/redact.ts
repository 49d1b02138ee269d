const mask = '[redacted]';

const shortestSecret = 4;
/** Below this length a key of letters alone may be a word: `none`, `ollama`, `secret`. */
const shortestWord = 8;
/** What people write where a local server asks for a key and does not look at it. */
const placeholders = new Set([
  'sk-no-key-required',
  'no-key-required',
  'no-key-needed',
  'not-needed',
  'not-required',
  'required',
  'lm-studio',
  'llama.cpp',
  'llamacpp',
  'localhost',
  'anything',
  'changeme',
  'undefined',
  'placeholder',
  'your-api-key',
]);

/**
 * Whether a key is to be masked wherever it is met. A very short one (`x`), a short word (`none`, `ollama`) or a placeholder
 * guards nothing, and masking it would eat ordinary words.
 */
export function isSecret(key: string): boolean {
  if (key.length < shortestSecret || placeholders.has(key.toLowerCase())) return false;
  return key.length >= shortestWord || /[^a-z]/i.test(key);
}

/** What could be a key: long enough and with a digit, or very long. Bounded, so that no text makes it slow. */
const token = String.raw`(?=[\w.~+/*=-]{0,200}\d)[\w.~+/*=-]{8,}|[\w.~+/*=-]{24,}`;

const patterns: readonly (readonly [RegExp, string])[] = [
  // user:password@ in a URL
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@"'<>]{1,512}@/gi, `$1${mask}@`],
  [new RegExp(String.raw`\b(bearer|basic|token)(\s+|%20)(?:${token})`, 'gi'), `$1$2${mask}`],
  // name: value, name=value, "name": "value"
  [
    new RegExp(
      String.raw`((?:authorization|api[-_ ]?key|access[-_]?token|refresh[-_]?token|client[-_]?secret|password|secret|signature|[?&](?:key|token|sig))\\?["']?\s{0,5}[:=]\s{0,5}\\?["']?)(?:${token})`,
      'gi',
    ),
    `$1${mask}`,
  ],
  // keys that say what they are by their prefix; some servers echo them with stars in the middle
  [
    /\b(?:sk|pk|rk|xai|gsk|nvapi|pplx|hf|r8|glpat|ghp|gho|ghs|ghu|github_pat|dop_v1|xox[abposr])[-_][\w*.-]{7,}[\w*]/g,
    mask,
  ],
  [/\b(?:dapi|dkea|dose|dsapi)[0-9a-f]{16,}(?:-\d+)?/g, mask],
  [/\bAIza[\w-]{30,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}/g, mask],
  // JSON web tokens
  [/\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, mask],
];

/**
 * Removes secrets from text that leaves the program: the ones given, wherever and however they are written (as they
 * are, URL-, JSON- or HTML-escaped, or inside base64 such as `user:secret`), and whatever looks like a key, a bearer
 * token or the userinfo of a URL. Linear in the length of the text.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let result = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (!isSecret(secret)) continue;
    result = result.replace(spellings(secret), mask);
    for (const form of base64Forms(secret)) result = result.replace(form, mask);
  }
  for (const [pattern, replacement] of patterns) result = result.replace(pattern, replacement);
  return result;
}

/** One expression for every spelling of a secret, escaped in any of the usual ways, wholly or in part. */
function spellings(secret: string): RegExp {
  const units = [...secret].map((character) => {
    const bytes = [...new TextEncoder().encode(character)];
    const percent = bytes.map((byte) => `%${anyCase(byte.toString(16).padStart(2, '0'))}`).join('');
    const json = Array.from({ length: character.length }, (_, at) => {
      return String.raw`\\u${anyCase(character.charCodeAt(at).toString(16).padStart(4, '0'))}`;
    }).join('');
    const point = character.codePointAt(0) ?? 0;
    const html = `&#(?:0*${point}|[xX]0*${anyCase(point.toString(16))});`;
    const named = { '&': '|&amp;', '<': '|&lt;', '>': '|&gt;', '"': '|&quot;', "'": '|&apos;' }[character] ?? '';
    const literal = /\w/.test(character) ? character : String.raw`\\?\u{${point.toString(16)}}`;
    return `(?:${literal}|${percent}|${json}|${html}${named})`;
  });
  return new RegExp(units.join(''), 'gu');
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/**
 * The secret inside base64 of something longer: its bytes can begin at any of three places of a group. The characters
 * at the edges mix with the neighbours, so the middle is searched and the whole run of base64 around it goes. The
 * lookbehind lets each run be tried from its start only.
 */
function base64Forms(secret: string): RegExp[] {
  const bytes = Buffer.from(secret);
  if (bytes.length < 6) return [];
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64url');
    const clean = encoded.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + bytes.length) * 8) / 6));
    const core = clean.replace(/-/g, '[-+]').replace(/_/g, '[_/]');
    return new RegExp(`(?<![\\w+/-])[\\w+/-]*?${core}[\\w+/-]*={0,2}`, 'g');
  });
}
