import type { SettingName } from './setting-definitions.ts';

export interface SettingText {
  /** Markdown. */
  readonly description: string;
  /** Descriptions of an enum's values, in their order. */
  readonly enumDescriptions?: readonly string[];
}

/** What the settings editor says about each setting. Read by the generator of package.json only, so that it is not shipped twice. */
export const settingTexts: Readonly<Record<SettingName, SettingText>> = {
  endpoints: {
    description:
      'Where your models are served. Add one with the command **Tierwise: Add Endpoint**; API keys are kept in the secret store, never here. A workspace cannot set this.',
  },
  tiers: {
    description:
      'Bounds and preferred models of the tiers, for example `{ "simple": { "upTo": 0.3, "model": "local/small" } }`. A tier without a model uses the cheapest model for `simple`, the dearest for `complex`, and one in between for `medium`.',
  },
  preference: {
    description: 'What to favour when a prompt is put into a tier.',
    enumDescriptions: [
      'The score as it is.',
      'The score is multiplied by 0.7: more prompts go to smaller models.',
      'The score is multiplied by 1.3: more prompts go to larger models.',
    ],
  },
  scorer: {
    description: 'How the complexity of a prompt is estimated.',
    enumDescriptions: ['Length, code, mathematical symbols, questions and reasoning words. Works offline.'],
  },
  'codeLens.enabled': {
    description: 'Show tier, score and recommended model above every prompt that is found in a file.',
  },
  'hover.enabled': {
    description: 'Explain complexity and cost when the mouse rests on a prompt or on the selection.',
  },
  'statusBar.enabled': {
    description: 'Show the tier of the selection, or of the prompt at the cursor, in the status bar.',
  },
  expectedOutputTokens: {
    description:
      'Tokens that an answer is expected to have, for cost estimates made before a prompt is sent. `null`: by tier, 50–400 for `simple`, 150–1,000 for `medium`, 400–2,500 for `complex`.',
  },
  'discovery.ports': {
    description:
      'Ports of this machine on which **Tierwise: Discover Local Servers** looks for model servers. A workspace cannot set this.',
  },
  'benchmark.concurrency': {
    description:
      'Requests in flight at once, over all models. Where requests arrive by the clock (`#tierwise.benchmark.load#`), 256 may be in flight.',
  },
  'benchmark.load': {
    description:
      'How requests arrive. Empty: `#tierwise.benchmark.concurrency#` are kept in flight. Give one of `rate` (requests per second to each model), `ramp`, `sweep` (over `concurrency` or `rate`) and `searchRate` (the highest rate that keeps `#tierwise.benchmark.slo#`), for example `{ "sweep": { "concurrency": [1, 4, 16] } }`. For a single run it can be chosen before the start, and so can a trace to replay.',
  },
  'benchmark.slo': {
    description:
      'What a request must keep to count as good, in milliseconds, for example `{ "ttftMs": 800, "e2eMs": 5000 }`.',
  },
  'benchmark.requests': {
    description:
      'Measured requests for each model. Prompts are taken in turn. `null`: one for each prompt, and at least 10.',
  },
  'benchmark.repeats': {
    description:
      'How often each prompt is sent to each model, in place of `#tierwise.benchmark.requests#`. Repeats show how far a model agrees with itself.',
  },
  'benchmark.warmup': {
    description:
      'Requests for each model before measuring starts; null for as many as fill the load. They are recorded and paid, but are in no figure.',
  },
  'benchmark.maxTokens': {
    description: 'Most output tokens to ask of a model, in a benchmark and when a prompt is run.',
  },
  'benchmark.timeoutSeconds': {
    description: 'Seconds that one request may take, in a benchmark and when a prompt is run.',
  },
  'benchmark.adaptiveTimeout': {
    description:
      'Give each request the time that its complexity and the endpoint’s recent answers suggest, up to `#tierwise.benchmark.timeoutSeconds#`: at first 10 s and up to 5 s more for a complex prompt, later twice what all but 1 % of the answers needed. A request that runs out of time is sent once more, with twice the time.',
  },
  'benchmark.maxRetries': {
    description:
      'Further tries after a rate limit (429) or an overload (503), in a benchmark and when a prompt is run. The wait that the server asks for is kept. Every try is in the report.',
  },
  'benchmark.calibrate': {
    description:
      'Before a run, measure the instrument’s own error at the run’s load, against the simulated endpoint on this machine. It takes some seconds and costs nothing; the report tells the error.',
  },
  'benchmark.template': {
    description:
      'Text around each prompt of a data set, with `{{variables}}` of its row; `{{prompt}}` is the prompt itself. What is sent is said before the start.',
  },
  'benchmark.gates': {
    description:
      'What a run must keep, for example `p95_ttft_ms<800`, `quality>=0.8` or `cost_usd<=2`. The **Runs** view shows which were kept, and the JUnit export holds them. In a pipeline, `tierwise bench --gate` fails when one is not.',
  },
  'benchmark.judge': {
    description:
      'A model that judges the answers of every benchmark, with a rubric that says what a good answer is, for example `{ "model": "cloud/large", "rubric": "Is the answer right and short?" }`. It sees prompts and answers, and its calls are paid. For a single run it can be chosen before the start. A workspace cannot set this.',
  },
  'benchmark.embeddingModel': {
    description:
      'Model whose embeddings the checks of type `similarity` compare, as endpoint/model. A workspace cannot set this.',
  },
  'benchmark.maxTotalTokens': {
    description:
      'Input and output tokens that one benchmark may use, judges included. No request is sent that could go beyond it. `null` means no limit. A workspace cannot set this.',
  },
  'benchmark.maxCostUsd': {
    description:
      'USD that one benchmark may cost. No request is sent that could go beyond it. `null` means no limit. It can hold only for models whose prices are known. A workspace cannot set this.',
  },
  'benchmark.keepAnswers': {
    description: 'Store the models’ answers in the run, so that the report can show them. A workspace cannot set this.',
  },
};
