import type { WireEndpoint } from './serving.ts';

/**
 * The endpoints that a workspace starts with: what every workspace has by itself, in the loose shapes of a real listing
 * of June 2026 (prices as strings, one model without prices, no `creator` and no `id` on system endpoints), and a few of
 * the kinds that people make.
 */

interface FoundationModel {
  readonly name: string;
  readonly entity: string;
  readonly title: string;
  readonly family: string;
  /** DBU per million tokens, as the workspace writes them. */
  readonly input?: string;
  readonly output?: string;
  readonly apis: readonly string[];
  readonly capabilities?: object;
  readonly profile?: object;
}

const chatApi = 'mlflow/v1/chat/completions';
const claudeApis = [chatApi, 'anthropic/v1/messages', 'cursor/v1/chat/completions'];

const foundationModels: readonly FoundationModel[] = [
  {
    name: 'databricks-claude-opus-4-8',
    entity: 'system.ai.databricks-claude-opus-4-8',
    title: 'Claude Opus 4.8',
    family: 'claude',
    apis: claudeApis,
    capabilities: { function_calling: true },
    profile: { speed: 43.7, cost: 10.0, quality: 46.0 },
  },
  {
    name: 'databricks-claude-sonnet-4-5',
    entity: 'system.ai.databricks-claude-sonnet-4-5',
    title: 'Claude Sonnet 4.5',
    family: 'claude',
    input: '42.857',
    output: '321.429',
    apis: claudeApis,
    capabilities: { function_calling: true, image_input: true, long_context: true },
    profile: { speed: 41.7, cost: 6.0, quality: 37.0 },
  },
  {
    name: 'databricks-gpt-oss-120b',
    entity: 'system.ai.gpt-oss-120b',
    title: 'GPT OSS 120B',
    family: 'gpt-oss',
    input: '2.143',
    output: '8.571',
    apis: [chatApi],
    capabilities: { function_calling: true, openai_reasoning: true },
    profile: { speed: 266.5, cost: 0.26, quality: 33.0 },
  },
  {
    name: 'databricks-gpt-oss-20b',
    entity: 'system.ai.gpt-oss-20b',
    title: 'GPT OSS 20B',
    family: 'gpt-oss',
    input: '1.0',
    output: '4.286',
    apis: [chatApi],
    capabilities: { function_calling: true, openai_reasoning: true },
    profile: { speed: 263.7, cost: 0.09, quality: 24.0 },
  },
  {
    name: 'databricks-meta-llama-3-3-70b-instruct',
    entity: 'system.ai.llama_v3_3_70b_instruct',
    title: 'Meta Llama 3.3 70B Instruct',
    family: 'llama',
    input: '7.143',
    output: '21.429',
    apis: [chatApi],
    capabilities: { function_calling: true },
    profile: { speed: 86.0, cost: 0.64, quality: 14.0 },
  },
  {
    name: 'databricks-meta-llama-3-1-8b-instruct',
    entity: 'system.ai.meta_llama_v3_1_8b_instruct',
    title: 'Meta Llama 3.1 8B Instruct',
    family: 'llama',
    input: '2.143',
    output: '6.429',
    apis: [chatApi],
    capabilities: {},
    profile: { speed: 156.4, cost: 0.1, quality: 12.0 },
  },
  {
    name: 'databricks-gte-large-en',
    entity: 'system.ai.gte_large_en_v1_5',
    title: 'GTE Large (En)',
    family: 'gte',
    input: '1.857',
    output: '1.857',
    apis: ['mlflow/v1/embeddings'],
    capabilities: {},
  },
];

function foundationEndpoint(model: FoundationModel): WireEndpoint {
  const embeds = model.apis[0] === 'mlflow/v1/embeddings';
  return {
    name: model.name,
    creation_timestamp: 1_754_179_200_000,
    last_updated_timestamp: 1_754_179_200_000,
    state: { ready: 'READY', config_update: 'NOT_UPDATING' },
    config: {
      served_entities: [
        {
          name: model.name,
          entity_name: model.entity,
          type: 'FOUNDATION_MODEL',
          foundation_model: {
            name: model.entity,
            display_name: model.title,
            docs: 'https://docs.databricks.com/machine-learning/foundation-models/supported-models.html',
            description: model.title,
            ...(model.output === undefined ? {} : { price: model.output }),
            ...(model.input === undefined ? {} : { input_price: model.input }),
            price_unit: 'DBUs per 1M tokens',
            pricing_model: 'Pay-per-token',
            model_class: model.family,
            api_types: model.apis,
            ...(model.profile === undefined ? {} : { ai_gateway_model_profile: model.profile }),
            ai_gateway_v2_supported: true,
          },
        },
      ],
    },
    task: embeds ? 'llm/v1/embeddings' : 'llm/v1/chat',
    endpoint_type: 'FOUNDATION_MODEL_API',
    permission_level: 'CAN_MANAGE',
    capabilities: model.capabilities ?? {},
  };
}

const madeByPerson = {
  creator: 'user@example.com',
  creation_timestamp: 1_779_139_587_000,
  last_updated_timestamp: 1_780_454_744_000,
  route_optimized: false,
  permission_level: 'CAN_MANAGE',
  creator_display_name: 'User',
  creator_kind: 'User',
  description: '',
};

/** Two versions of a custom model behind one endpoint, which may sleep; the legacy `served_models` mirror its entities. */
const customEndpoint: WireEndpoint = {
  name: 'my-custom-endpoint',
  ...madeByPerson,
  id: '28d5152d0be2477c8c871f1998585b19',
  state: { ready: 'READY', config_update: 'NOT_UPDATING', suspend: 'NOT_SUSPENDED', system_update_failure: false },
  config: {
    served_entities: [
      {
        name: 'my_model-3',
        entity_name: 'main.ml.my_model',
        entity_version: '3',
        type: 'UC_MODEL',
        scale_to_zero_enabled: true,
      },
      {
        name: 'my_model-4',
        entity_name: 'main.ml.my_model',
        entity_version: '4',
        type: 'UC_MODEL',
        scale_to_zero_enabled: true,
      },
    ],
    traffic_config: {
      routes: [
        { served_model_name: 'my_model-3', traffic_percentage: 75 },
        { served_model_name: 'my_model-4', traffic_percentage: 25 },
      ],
    },
  },
};

/** A language model of one's own behind an endpoint that may sleep. */
const sleepyEndpoint: WireEndpoint = {
  name: 'my-sleepy-llm',
  ...madeByPerson,
  id: '6d0e4a6cf1f94d58a2fb3f1e0c4e77aa',
  state: { ready: 'READY', config_update: 'NOT_UPDATING', suspend: 'NOT_SUSPENDED', system_update_failure: false },
  config: {
    served_entities: [
      {
        name: 'tuned-1',
        entity_name: 'main.ml.tuned',
        entity_version: '1',
        type: 'UC_MODEL',
        scale_to_zero_enabled: true,
      },
    ],
  },
  task: 'llm/v1/chat',
};

/** An agent: `config` is empty. */
const agentEndpoint: WireEndpoint = {
  name: 'mas-agent-endpoint',
  ...madeByPerson,
  id: '9bd4e102071140b79e31b3e3e0abe769',
  state: { ready: 'READY', config_update: 'NOT_UPDATING' },
  config: {},
  task: 'agent/v1/responses',
  tile_endpoint_metadata: {
    tile_id: '00000000-0000-0000-0000-000000000000',
    tile_model_name: 'mas-base-model-1',
    problem_type: 'MULTI_AGENT_SUPERVISOR',
  },
};

/** A model of another vendor behind the workspace: no prices. */
const externalEndpoint: WireEndpoint = {
  name: 'my-gpt-4o-mini',
  ...madeByPerson,
  id: '0f4b7f1f6a2c4f0ab1a6c7f20d1b9c55',
  state: { ready: 'READY', config_update: 'NOT_UPDATING', suspend: 'NOT_SUSPENDED' },
  config: {
    served_entities: [
      {
        name: 'gpt-4o-mini',
        external_model: { name: 'gpt-4o-mini', provider: 'openai', task: 'llm/v1/chat' },
        type: 'EXTERNAL_MODEL',
      },
    ],
  },
  task: 'llm/v1/chat',
  endpoint_type: 'EXTERNAL_MODEL',
};

/** Text completions, which few endpoints still have. */
const completionsEndpoint: WireEndpoint = {
  name: 'my-completions',
  ...madeByPerson,
  id: 'b7c7a5e29bd34c70a4e7c6df2c58e1d0',
  state: { ready: 'READY', config_update: 'NOT_UPDATING', suspend: 'NOT_SUSPENDED' },
  config: {
    served_entities: [{ name: 'base-1', entity_name: 'main.ml.base', entity_version: '1', type: 'UC_MODEL' }],
  },
  task: 'llm/v1/completions',
};

export function sampleEndpoints(): WireEndpoint[] {
  const people = [customEndpoint, agentEndpoint, sleepyEndpoint, externalEndpoint, completionsEndpoint];
  return structuredClone([...people, ...foundationModels.map(foundationEndpoint)]);
}

/** What the AI Gateway serves under names with dots. */
export const modelServices: readonly { name: string; apis: readonly string[]; endpoint: string }[] = [
  { name: 'system.ai.gpt-oss-120b', apis: ['chat'], endpoint: 'databricks-gpt-oss-120b' },
  { name: 'system.ai.claude-sonnet-4-5', apis: ['chat'], endpoint: 'databricks-claude-sonnet-4-5' },
  { name: 'system.ai.gte-large-en', apis: ['embeddings'], endpoint: 'databricks-gte-large-en' },
  { name: 'main.llms.assistant', apis: ['chat'], endpoint: 'databricks-meta-llama-3-1-8b-instruct' },
];
