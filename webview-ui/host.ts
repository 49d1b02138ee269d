import type { FromWebview } from '../src/protocol/webview.ts';
import type { Arrangement } from './arrange.ts';

/** What the panel remembers while its tab is hidden. */
export interface PanelState extends Arrangement {
  /** The run that the rest belongs to. */
  readonly runId: string;
  /** The open request's id. */
  readonly open?: string | undefined;
}

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The extension behind the panel. */
export interface Host {
  send(message: FromWebview): void;
  /** What was remembered of this run; a state of another form or run counts as none. */
  recall(runId: string): PanelState | undefined;
  remember(state: PanelState): void;
  /** Remembers the ids of the runs that are compared. */
  rememberComparison(compared: readonly string[]): void;
}

export function connectHost(): Host {
  const api = acquireVsCodeApi();
  return {
    send: (message) => api.postMessage(message),
    recall: (runId) => {
      const state = api.getState() as PanelState | undefined;
      return state?.runId === runId && typeof state.filter === 'object' && typeof state.sort === 'object'
        ? state
        : undefined;
    },
    remember: (state) => api.setState(state),
    rememberComparison: (compared) => api.setState({ compared }),
  };
}
