import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';

export interface BaseUrl {
  /** Normalised, without a slash at the end. */
  readonly url: string;
  readonly origin: string;
  /** The host is this machine. */
  readonly loopback: boolean;
  /** Present: what the person must agree to before anything is sent there. */
  readonly needsConfirmation?: string;
}

/**
 * Checks and normalises an endpoint's base URL. Throws a Failure (`config`) that says how to mend what could mislead a
 * reader or a program about where the key goes. Names are not resolved: a name that points to a forbidden address is
 * not seen here.
 */
export function parseBaseUrl(text: string): BaseUrl {
  const raw = text.trim();
  if (raw === '') refuse('is empty', 'Type an address such as https://host.example/v1');
  refuseHidden(raw);
  if (raw.includes('\\')) refuse('holds a backslash', 'Use / between the parts');
  const authority = /^https?:\/\/([^/?#]+)/i.exec(raw)?.[1];
  if (authority === undefined)
    refuse('does not begin with http:// or https:// and a host', 'Write it in full, such as https://host.example/v1');
  if (authority.includes('@')) {
    refuse(
      'holds a user name or password (the part before @)',
      'Leave that part out and save the key with the endpoint',
    );
  }
  if (/[?#]/.test(raw)) refuse('holds a query or a fragment', 'Leave out everything from ? or # on');
  const url = parseUrl(raw);
  if (!url) refuse('is not a valid address', 'Check host and port');
  const host = url.hostname;
  if (/[^\x21-\x7e]|%/.test(authority) || host.split('.').some((label) => label.startsWith('xn--'))) {
    refuse(
      `names a host with letters that can be mistaken for others (to the network it is "${host}")`,
      'Use a host name of plain ASCII letters, or the IP address',
    );
  }
  if (host.endsWith('.')) refuse('names a host with a dot at its end', 'Remove that dot');
  const path = url.pathname.replace(/\/+$/, '');
  if (/\/chat\/completions$/i.test(path)) {
    refuse('is the address of one operation', 'Leave out /chat/completions at the end');
  }
  const loopback = isLoopback(host);
  const concerns = concernsAbout(url, loopback);
  return {
    url: url.origin + path,
    origin: url.origin,
    loopback,
    ...(concerns.length > 0 ? { needsConfirmation: concerns.join(' ') } : {}),
  };
}

/** Refuses what a reader does not see or sees in another order. @throws Failure `config` */
export function refuseHidden(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  if (/[\u0000-\u0020\u007f-\u00a0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/.test(text)) {
    refuse('holds spaces or invisible characters', 'Type it anew instead of pasting it');
  }
}

function refuse(what: string, mend: string): never {
  throw new Failure({ code: 'config', message: `The base URL ${what}. ${mend}.` });
}

/** The key, if it may go to `url`: only when it was saved for the very same origin (scheme, host and port). */
export function keyForOrigin(key: BoundKey | undefined, url: string): string | undefined {
  if (key === undefined) return undefined;
  const bound = parseUrl(key.origin);
  const target = parseUrl(url);
  if (!bound || !target || bound.origin === 'null') return undefined;
  return bound.origin === target.origin ? key.key : undefined;
}

/** `URL.parse`, which Node 20 lacks. */
function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether a host, as `URL.hostname` gives it, is this machine. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true;
  return ipv4Of(hostname)?.[0] === 127;
}

const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.tencentyun.com',
]);
/** Metadata services outside link-local: Alibaba, Azure's host agent, Oracle. */
const metadataIpv4 = new Set(['100.100.100.200', '168.63.129.16', '192.0.0.192']);
const metadataIpv6 = new Set(['fd00:ec2:0:0:0:0:0:254', 'fd20:ce:0:0:0:0:0:254']);

function concernsAbout(url: URL, loopback: boolean): string[] {
  const concerns: string[] = [];
  const host = url.hostname;
  if (url.protocol === 'http:' && !loopback) {
    concerns.push(`Prompts, answers and the key would cross the network to ${host} unencrypted (http).`);
  }
  const v4 = ipv4Of(host);
  const v6 = ipv6Groups(host);
  const linkLocal = (v4?.[0] === 169 && v4[1] === 254) || (v6 !== undefined && ((v6[0] ?? 0) & 0xffc0) === 0xfe80);
  const metadata =
    metadataNames.has(host) ||
    (v4 !== undefined && metadataIpv4.has(v4.join('.'))) ||
    (v6 !== undefined && metadataIpv6.has(v6.map((group) => group.toString(16)).join(':')));
  if (linkLocal || metadata) {
    concerns.push(`${host} is an address at which cloud machines hand out their credentials, hardly a model server.`);
  }
  return concerns;
}

/** The four numbers of an IPv4 address, also when it stands inside an IPv6 one (mapped, compatible, NAT64, 6to4). */
function ipv4Of(hostname: string): number[] | undefined {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(hostname);
  if (parts) return parts.slice(1).map(Number);
  const groups = ipv6Groups(hostname);
  if (!groups) return undefined;
  const prefix = groups.slice(0, 6).join(':');
  const embedded =
    prefix === '0:0:0:0:0:65535' || prefix === '0:0:0:0:0:0' || prefix === `${0x64}:${0xff9b}:0:0:0:0`
      ? groups.slice(6)
      : groups[0] === 0x2002
        ? groups.slice(1, 3)
        : undefined;
  return embedded?.flatMap((group) => [group >> 8, group & 255]);
}

/** The eight groups of a bracketed IPv6 host as URL normalises it. */
function ipv6Groups(hostname: string): number[] | undefined {
  if (!hostname.startsWith('[')) return undefined;
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const left = parse(head);
  const right = parse(tail ?? '');
  return tail === undefined ? left : [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}
