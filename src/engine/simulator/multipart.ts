import { Refusal } from './request.ts';

export interface FormPart {
  readonly name: string;
  readonly filename: string | undefined;
  readonly data: Buffer;
}

/** The parts of a `multipart/form-data` body (RFC 7578). Throws a Refusal where it is none. */
export function formParts(contentType: string | undefined, body: Buffer): FormPart[] {
  const [, quoted, bare] = /^multipart\/form-data;.*\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) throw new Refusal(400, 'The body must be multipart/form-data with a boundary.');
  const parts: FormPart[] = [];
  // Every delimiter but the first stands on a line of its own; with one line feed more the first does too.
  const whole = Buffer.concat([Buffer.from('\r\n'), body]);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  let at = whole.indexOf(delimiter);
  while (at >= 0) {
    const begin = at + delimiter.length;
    const end = whole.indexOf(delimiter, begin);
    if (end < 0) break;
    parts.push(partOf(whole.subarray(begin, end)));
    at = end;
  }
  if (parts.length === 0) throw new Refusal(400, 'The multipart body holds no part, or was cut off.');
  return parts;
}

function partOf(part: Buffer): FormPart {
  const blank = part.indexOf('\r\n\r\n');
  if (blank < 0) throw new Refusal(400, 'A part of the multipart body has no headers.');
  const [disposition = ''] = /^content-disposition:.*$/im.exec(part.subarray(0, blank).toString()) ?? [];
  const field = (name: string) => new RegExp(`[;\\s]${name}="([^"]*)"`, 'i').exec(disposition)?.[1];
  return { name: field('name') ?? '', filename: field('filename'), data: part.subarray(blank + 4) };
}
