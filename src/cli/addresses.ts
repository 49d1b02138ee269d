import { Failure } from '../core/failure.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';

/**
 * Refuses addresses that need the person's agreement (unencrypted beyond this machine, metadata services) unless their origin was
 * allowed on the command line: a file can come from a stranger, an option cannot.
 */
export function checkAddresses(
  endpoints: readonly { id: string; baseUrl: string }[],
  allowed: readonly string[],
): void {
  for (const { id, baseUrl } of endpoints) {
    const { origin, needsConfirmation } = parseBaseUrl(baseUrl);
    if (needsConfirmation === undefined || allowed.includes(origin)) continue;
    throw new Failure({
      code: 'config',
      message: `Endpoint "${id}": ${needsConfirmation} If you want that, add --allow-origin ${origin}.`,
    });
  }
}
