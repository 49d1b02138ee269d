import { Failure } from '../failure.ts';
import { plainText } from '../prompts/plain-text.ts';
import type { Model } from './model.ts';

/** How settings, tiers and the CLI name a model. */
export function modelRef(endpoint: string, id: string): string {
  return `${endpoint}/${id}`;
}

const LISTED = 12;

/**
 * The model with this reference `endpoint/model`, or else the only one with this id.
 * @throws Failure `usage` when there is none, or several endpoints have it; lists what may be said.
 */
export function findModel(models: readonly Model[], nameOrRef: string): Model {
  const wanted = nameOrRef.trim();
  const exact = models.find(({ ref }) => ref === wanted);
  if (exact !== undefined) return exact;
  const named = models.filter(({ id }) => id === wanted);
  const [only] = named;
  if (only !== undefined && named.length === 1) return only;
  const name = plainText(wanted, 80);
  throw new Failure({
    code: 'usage',
    message:
      named.length > 1
        ? `Several endpoints serve a model "${name}". Say which: ${list(named)}.`
        : models.length === 0
          ? `There is no model "${name}", because no endpoint with models is configured. Add an endpoint first.`
          : `There is no model "${name}". Known: ${list(models)}.`,
  });
}

function list(models: readonly Model[]): string {
  const shown = models.slice(0, LISTED).map(({ ref }) => plainText(ref, 120));
  const more = models.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
