/** Databricks answers 403, not 401, to a token that is wrong or has expired. */
const wrongToken = /invalid access token/i;

/**
 * Whether a refusal is of the key itself, so that another one may help, and not of what its owner may do.
 * @param said the server's words, or a message that quotes them
 */
export function refusesKey(status: number | undefined, said: string): boolean {
  return status === 401 || (status === 403 && wrongToken.test(said));
}
