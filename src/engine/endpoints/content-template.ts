/** Text that stands in JSON between quotes as it is: no quote, no escape, no control character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings.
const plain = /^[^"\\\u0000-\u001f]*$/;
/** Stands for the content while a template is checked; no server sends it. */
const probe = '\u241etierwise\u241e';
/** A stream whose frames differ in more than the content (a time stamp, running usage) is not tried for ever. */
const maxAttempts = 4;

export interface ContentTemplate {
  /**
   * Reads whole events, from the position where one may begin, for as long as they equal the learned one in all but the content, which
   * `take` is given. Returns the position behind the last of them.
   * @param text of an event stream; lines end in LF
   */
  readAhead(text: string, from: number, take: (content: string) => void): number;
  /** Offers an event's data, what it parsed to, and the event's name. */
  learn(data: string, json: unknown, event: string | undefined): void;
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
  /** An event up to its content, with the quote before it, and from the quote after it to its end. */
  let head: string | undefined;
  let tail = '';
  let attempts = 0;
  return {
    readAhead(text, from, take) {
      if (head === undefined) return from;
      for (let at = from; ; ) {
        const start = at + head.length;
        // Slices compared: startsWith goes character by character.
        if (text.slice(at, start) !== head) return at;
        const end = text.indexOf('"', start);
        const next = end + tail.length;
        if (end < 0 || text.slice(end, next) !== tail) return at;
        const content = text.slice(start, end);
        if (!plain.test(content)) return at;
        take(content);
        at = next;
      }
    },
    learn(data, json, event) {
      if (attempts === maxAttempts) return;
      const content = contentAlone(json);
      if (!content || !plain.test(content)) return;
      attempts++;
      const at = data.indexOf('"', data.indexOf(key) + key.length) + 1;
      if (at < key.length || !data.startsWith(`${content}"`, at)) return;
      const before = data.slice(0, at);
      const after = data.slice(at + content.length);
      if (contentAlone(parse(before + probe + after)) !== probe) return;
      head = `${event === undefined ? '' : `event: ${event}\n`}data: ${before}`;
      tail = `${after}\n\n`;
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
