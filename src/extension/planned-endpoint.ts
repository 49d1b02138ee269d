import type { Protocol } from '../core/catalog/protocol.ts';

interface Place {
  readonly baseUrl: string;
  readonly protocol: Protocol;
}

/**
 * Whether the endpoint in a run's folder is the one that the person configured: a stranger may have made the folder, so it
 * gets no key for another address, nor for another way of speaking to the same one.
 */
export function isSameEndpoint(configured: Place, planned: Place): boolean {
  return configured.protocol === planned.protocol && bare(configured.baseUrl) === bare(planned.baseUrl);
}

function bare(url: string): string {
  return url.replace(/\/+$/, '');
}
