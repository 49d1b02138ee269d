import { type Simulator, type SimulatorOptions, startSimulator } from '../server.ts';
import type { TruthEntry } from '../truth.ts';

// Asks a simulator as tests do.

const running: Simulator[] = [];

/** Starts a fast simulator; `stopAll` closes it. */
export async function start(options: SimulatorOptions = {}) {
  const truth: TruthEntry[] = [];
  const simulator = await startSimulator({ speed: 200, truth: (entry) => truth.push(entry), ...options });
  running.push(simulator);
  return { simulator, truth };
}

export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
}

export interface Ask {
  readonly model?: string | undefined;
  readonly prompt?: string | undefined;
  readonly stream?: boolean | undefined;
  readonly headers?: Record<string, string> | undefined;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
}

export function ask(
  simulator: Simulator,
  { model = 'instant', prompt = 'Say hello.', stream, headers, body }: Ask = {},
): Promise<Response> {
  return fetch(`${simulator.baseUrl}/chat/completions`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], stream, ...body }),
  });
}

export interface SeenEvent {
  readonly id: string;
  readonly simulated?: boolean;
  readonly system_fingerprint?: string;
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
  readonly usage?: Readonly<Record<string, number>> | null;
  readonly error?: Readonly<Record<string, unknown>>;
}

/** The JSON events of a stream. Throws where one is not JSON. */
export function events(text: string): SeenEvent[] {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)));
}

/** The texts of the tokens of a stream. */
export function contents(text: string): string[] {
  return events(text).flatMap((event) => event.choices?.[0]?.delta.content || []);
}

/** What a client holds when the answer ended or broke, and whether it broke. */
export async function readAll(response: Response): Promise<{ text: string; broken: boolean }> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}

/** Waits until the truth has so many entries: the last one may come a moment after the client has its answer. */
export async function settled(truth: readonly TruthEntry[], count = 1): Promise<readonly TruthEntry[]> {
  while (truth.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  return truth;
}
