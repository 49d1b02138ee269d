import type { Vendor } from '../dialect.ts';
import type { SimulatedProfile } from '../profiles.ts';

/** OpenAI, and all who copy its errors. */
export const openAiVendor: Vendor = {
  keyHeaders: { authorization: 'Bearer ' },
  refuse({ status, message, type, param, code }) {
    return { status, body: { error: { message, type, param, code } } };
  },
};

/** `GET /v1/models`, with prices and context besides what OpenAI tells. */
export function openAiModels(models: readonly SimulatedProfile[]) {
  return { object: 'list', data: models.map(modelEntry) };
}

function modelEntry(profile: SimulatedProfile) {
  return {
    id: profile.id,
    object: 'model',
    created: 0,
    owned_by: 'tierwise-simulated',
    simulated: true,
    description: profile.description,
    context_window: profile.contextWindow,
    /** USD per million tokens. */
    input_price: profile.inputPrice,
    output_price: profile.outputPrice,
  };
}
