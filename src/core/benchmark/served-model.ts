import type { Protocol } from '../catalog/protocol.ts';

/** What a server may add to the name of a model without meaning another one: a date, a revision, a tag. */
const refinement = /^[-@:](?:\d{4}-\d{2}-\d{2}|\d{4,8}|\d{3}|v\d+(?:[.:]\d+)*|latest|preview)(?=$|[-@:])/;

/**
 * Whether the name of the model that answered refines the one asked for: `gpt-4o-2024-08-06` for `gpt-4o`,
 * `meta-llama-3.3-70b-instruct-121024` for `databricks-meta-llama-3-3-70b-instruct`, `llama3:latest` for `llama3`.
 */
export function refinesModel(asked: string, served: string): boolean {
  const [wanted, name] = [plainName(asked), plainName(served)];
  if (!name.startsWith(wanted)) return false;
  let rest = name.slice(wanted.length);
  while (rest !== '') {
    const next = rest.replace(refinement, '');
    if (next === rest) return false;
    rest = next;
  }
  return true;
}

/** Without vendor before a slash, in one case, dots as dashes. */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^databricks-/, '')
    .replaceAll('.', '-');
}

/** Whether a model's name on the wire says which model is meant; elsewhere it is a name that somebody gave to a deployment. */
export function namesModel(protocol: Protocol, model: string): boolean {
  if (protocol === 'databricks') return model.startsWith('databricks-');
  return protocol !== 'azure-openai' && protocol !== 'vscode-lm';
}
