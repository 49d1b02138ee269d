import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan, PlannedModel } from '../../core/benchmark/plan.ts';
import { Failure, type FailureDetail } from '../../core/failure.ts';
import { callChat } from '../endpoints/call.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from '../endpoints/chat.ts';
import { abortFailure } from '../http/network-failure.ts';
import type { Transport } from '../http/transport.ts';
import type { Parent } from './parent.ts';
import type { Targets } from './targets.ts';
import { askVscodeModel } from './vscode-model.ts';

const mib = 1024 * 1024;
/** A token streams as an event of some hundred bytes; this many leave room for any server's extras. */
const bytesPerToken = 4096;

/** What is asked of whom. */
export interface Call {
  readonly id: string;
  readonly model: PlannedModel;
  readonly prompt: RunPrompt;
  /** Most output tokens to ask for. */
  readonly maxTokens: number;
}

/** Makes one attempt at a call, over HTTP or through VS Code. Does not reject because of the endpoint. */
export type CallOnce = (call: Call, limits: { timeoutMs: number; signal: AbortSignal }) => Promise<ChatOutcome>;

export function makeCallOnce(options: {
  readonly plan: Plan;
  readonly transport: Transport;
  readonly targets: Targets;
  readonly parent: Parent | undefined;
}): CallOnce {
  const { plan, transport, targets, parent } = options;
  const maxBytes = Math.min(64 * mib, Math.max(mib, plan.maxTokens * bytesPerToken));
  return async (call, limits) => {
    const { endpoint, model } = call.model;
    if (parent && targets.of(endpoint).protocol === 'vscode-lm') {
      const question = { model, prompt: call.prompt.text, maxTokens: call.maxTokens };
      return askVscodeModel(parent, () => transport.now(), question, limits);
    }
    let target: ChatTarget;
    try {
      target = await targets.fresh(endpoint, limits.signal);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return unsent(limits.signal.aborted ? abortFailure(limits.signal) : error, transport.now());
    }
    return callChat(transport, target, requestOf(plan, call), { ...limits, maxBytes });
  };
}

/** What a call asks for on the wire. */
export function requestOf(plan: Plan, { id, model, prompt, maxTokens }: Call): ChatRequest {
  return {
    model: model.model,
    task: model.task,
    pyfunc: model.pyfunc,
    messages: [{ role: 'user', content: prompt.text }],
    maxTokens,
    temperature: plan.temperature,
    stream: plan.stream,
    requestId: id,
  };
}

function unsent({ code, message }: FailureDetail, at: number): ChatOutcome {
  return {
    failure: { code, message },
    text: '',
    reasoning: '',
    toolCalls: [],
    times: { sent: at, end: at },
    chunks: 0,
    simulated: false,
  };
}
