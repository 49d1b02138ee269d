/** Text that stands in JSON between quotes as it is: no quote, no escape, no control character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings.
const plain = /^[^"\\\u0000-\u001f]*$/;
/** Stands for the content while a template is checked; no server sends it. */
const probe = '\u241etierwise\u241e';
/** A stream whose frames differ in more than the content (a time stamp, running usage) is not tried for ever. */
const maxAttempts = 4;

export interface ContentTemplate {
  /** The content of a frame that equals the learned one in all else; undefined: parse it. */
  contentOf(data: string): string | undefined;
  /** Offers a frame and what it parsed to. */
  learn(data: string, json: unknown): void;
}

/**
 * Spares the JSON parser most of a stream, whose frames usually are the same but for one string (`"content":"…"`).
 * A template is learned by exchanging the content for a probe and parsing that: if the parsed content is the probe, this
 * string literal is the content, and a frame of the same head and tail with plain text between says nothing else.
 * @param contentAlone gives the content of a parsed frame that carries nothing but content
 * @param member the name of the JSON member that holds it
 */
export function createContentTemplate(
  contentAlone: (json: unknown) => string | undefined,
  member = 'content',
): ContentTemplate {
  const key = `"${member}":`;
  let head: string | undefined;
  let tail = '';
  let attempts = 0;
  return {
    contentOf(data) {
      if (head === undefined || data.length < head.length + tail.length) return undefined;
      // Slices compared: startsWith is ten times slower on a string that is itself a slice.
      const end = data.length - tail.length;
      if (data.slice(0, head.length) !== head || data.slice(end) !== tail) return undefined;
      const content = data.slice(head.length, end);
      return plain.test(content) ? content : undefined;
    },
    learn(data, json) {
      if (attempts === maxAttempts) return;
      const content = contentAlone(json);
      if (!content || !plain.test(content)) return;
      attempts++;
      const at = data.indexOf('"', data.indexOf(key) + key.length) + 1;
      if (at < key.length || !data.startsWith(`${content}"`, at)) return;
      const before = data.slice(0, at);
      const after = data.slice(at + content.length);
      if (contentAlone(parse(before + probe + after)) !== probe) return;
      head = before;
      tail = after;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
