import * as z from 'zod/mini';

/**
 * What the workspace sends. Every field may be missing, and of another kind than documented: what cannot be read is as if it
 * were missing, so that one odd field does not take an endpoint away. Unknown fields are passed over.
 */
const text = z.catch(z.optional(z.string()), undefined);
const truth = z.catch(z.optional(z.boolean()), undefined);
const amount = z.catch(z.optional(z.union([z.string(), z.number()])), undefined);
const lenient = <T extends z.ZodMiniType>(schema: T) => z.catch(z.optional(schema), undefined);

const stateSchema = z.looseObject({
  ready: text,
  config_update: text,
  suspend: text,
  deployment: text,
  deployment_state_message: text,
});

const foundationModelSchema = z.looseObject({
  name: text,
  display_name: text,
  description: text,
  price: amount,
  input_price: amount,
  price_unit: text,
  pricing_model: text,
  api_types: lenient(z.array(z.string())),
});

const entitySchema = z.looseObject({
  name: text,
  entity_name: text,
  model_name: text,
  entity_version: amount,
  model_version: amount,
  type: text,
  scale_to_zero_enabled: truth,
  state: lenient(stateSchema),
  foundation_model: lenient(foundationModelSchema),
  external_model: lenient(z.looseObject({ name: text, provider: text, task: text })),
});

const configSchema = z.looseObject({
  served_entities: lenient(z.array(entitySchema)),
  served_models: lenient(z.array(entitySchema)),
  traffic_config: lenient(
    z.looseObject({
      routes: lenient(
        z.array(
          z.looseObject({ served_model_name: text, served_entity_name: text, traffic_percentage: lenient(z.number()) }),
        ),
      ),
    }),
  ),
});

/** One serving endpoint. Its name is all that it must have. */
export const wireEndpointSchema = z.looseObject({
  name: z.string().check(z.minLength(1), z.maxLength(200)),
  task: text,
  endpoint_type: text,
  description: text,
  state: lenient(stateSchema),
  config: lenient(configSchema),
  pending_config: lenient(configSchema),
  capabilities: z.catch(z.optional(z.record(z.string(), z.unknown())), undefined),
});

/** The list; the items are read one by one. */
export const wireListSchema = z.looseObject({ endpoints: z.optional(z.nullable(z.array(z.unknown()))) });

export const wireModelServicesSchema = z.looseObject({
  model_services: z.optional(z.nullable(z.array(z.unknown()))),
  next_page_token: text,
});

export const wireModelServiceSchema = z.looseObject({
  name: z.string().check(z.minLength(1), z.maxLength(400)),
  supported_api_types: lenient(z.array(z.string())),
});

export type WireEndpoint = z.infer<typeof wireEndpointSchema>;
export type WireEntity = z.infer<typeof entitySchema>;
export type WireFoundationModel = z.infer<typeof foundationModelSchema>;
