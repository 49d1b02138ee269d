import { abortable, abortFailure } from '../http/network-failure.ts';

/** The kinds of sign-in that work here. */
export const signInKinds = ['pat', 'oauth-m2m', 'databricks-cli', 'azure-cli'] as const;

export type SignInKind = (typeof signInKinds)[number];

export interface AccessToken {
  readonly token: string;
  /** Unix time in ms; absent: it does not expire, or nobody says when. */
  readonly expiresAt?: number | undefined;
}

/** Where the tokens of one workspace come from. */
export interface TokenSource {
  /** The only origin to which its tokens may go. */
  readonly origin: string;
  readonly kind: SignInKind;
  /** Which credentials these are, in words for a person; holds no secret. */
  readonly described: string;
  /** The profile of ~/.databrickscfg that they come from. */
  readonly profile?: string | undefined;
  /**
   * A token that is good for another minute at least, where one can be had. Callers at the same time share one refresh;
   * `signal` ends the wait of its own caller only.
   * @throws Failure `auth` when none is to be had, or of the network.
   */
  token(signal?: AbortSignal): Promise<AccessToken>;
  /** Forgets a token that the workspace refused (any, without `refused`), so that the next call asks for a new one. */
  invalidate(refused?: string): void;
}

/** A token that expires within this time is replaced; ms. */
const skewMs = 60_000;

export interface TokenSourceParts {
  readonly origin: string;
  readonly kind: SignInKind;
  readonly described: string;
  readonly profile?: string | undefined;
  /** Gets a token; has a time limit of its own. */
  readonly fetch: () => Promise<AccessToken>;
  /** Unix time in ms. */
  readonly now: () => number;
}

/** Keeps a token until shortly before it expires. */
export function createTokenSource({ fetch, now, ...parts }: TokenSourceParts): TokenSource {
  let held: AccessToken | undefined;
  let asking: Promise<AccessToken> | undefined;

  async function ask(): Promise<AccessToken> {
    try {
      held = await fetch();
      return held;
    } finally {
      asking = undefined;
    }
  }

  return {
    ...parts,
    async token(signal) {
      if (signal?.aborted) throw abortFailure(signal);
      if (held && (held.expiresAt === undefined || held.expiresAt - now() > skewMs)) return held;
      asking ??= ask();
      return abortable(asking, signal);
    },
    invalidate(refused) {
      if (refused === undefined || held?.token === refused) held = undefined;
    },
  };
}
