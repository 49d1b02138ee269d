import { Failure } from '../../core/failure.ts';
import { type BaseUrl, parseBaseUrl, refuseHidden } from '../http/base-url.ts';

/**
 * The address of a workspace from what a person pastes: the address bar of the browser (`/?o=…`, `#ml/endpoints`), the
 * address of one of its APIs, or a bare host name. Gives its origin, and refuses all else that `parseBaseUrl` refuses
 * or wants confirmed: a token of the workspace never crosses a network in the clear.
 * @throws Failure `config` that says how to mend it.
 */
export function parseWorkspaceHost(text: string): BaseUrl {
  const raw = text.trim();
  // Also in the part that is dropped below: who pastes it may have been shown another address.
  refuseHidden(raw);
  const full = isBareHost(raw) ? `https://${raw}` : raw;
  // What follows the authority says where in the workspace the person was, not which workspace it is.
  const base = parseBaseUrl(/^https?:\/\/[^/?#]*/i.exec(full)?.[0] ?? full);
  const host = new URL(base.origin).hostname;
  const notAWorkspace = otherHosts.find(({ pattern }) => pattern.test(host));
  if (notAWorkspace !== undefined) refuse(`${host} ${notAWorkspace.what}. ${openWorkspace}`);
  if (base.needsConfirmation !== undefined) {
    refuse(`${base.needsConfirmation} A Databricks workspace is reached over https: write https://…`);
  }
  return base;
}

const openWorkspace =
  'Open the workspace in a browser and copy its address, such as https://dbc-a1b2c3d4-e5f6.cloud.databricks.com';

/** Hosts of Databricks that people take for the workspace's. */
const otherHosts: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    pattern:
      /^accounts(-[a-z0-9]+)*\.([a-z0-9-]+\.)*(databricks\.(com|us|mil)|azuredatabricks\.net|databricks\.azure\.(cn|us))$/,
    what: 'is the account console, which serves no models',
  },
  {
    pattern: /^(login|docs|www|community)\.databricks\.com$|^databricks\.com$/,
    what: 'is a site of Databricks, not a workspace',
  },
  {
    pattern: /\.ai-gateway\.([a-z0-9-]+\.)*databricks\.(com|us)$/,
    what: 'is the AI gateway of a workspace, which the workspace’s own address reaches too',
  },
];

/** `dbc-….cloud.databricks.com/…`, perhaps with a port, but no scheme. */
function isBareHost(text: string): boolean {
  return /^[a-z0-9[]/i.test(text) && !/^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text) && !/^https?:/i.test(text);
}

/** Whether the origin is one of Azure Databricks, to which tokens of the Azure CLI may go. */
export function isAzureWorkspace(origin: string): boolean {
  return /^https:\/\/[^/]+\.(azuredatabricks\.net|databricks\.azure\.(cn|us))$/.test(origin);
}

function refuse(message: string): never {
  throw new Failure({ code: 'config', message });
}
