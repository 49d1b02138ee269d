import type { Services } from './services.ts';
import type { StatusBar } from './status-bar.ts';

/** What the tests inside VS Code may look at. It tells; it changes nothing and knows no secret. */
export interface Testing {
  /** Milliseconds that `activate` took. */
  readonly activationMs: number;
  /** Whether anything beyond registering has happened yet. */
  isLoaded(): boolean;
  statusText(): string | undefined;
  endpointIds(): Promise<string[]>;
  openReports(): Promise<readonly string[]>;
}

export function testing(parts: {
  activationMs: number;
  services: () => Promise<Services>;
  statusBar: StatusBar;
  isLoaded: () => boolean;
}): Testing {
  return {
    activationMs: parts.activationMs,
    isLoaded: parts.isLoaded,
    statusText: () => parts.statusBar.text(),
    endpointIds: async () => (await parts.services()).endpoints.all.map(({ id }) => id),
    openReports: async () => (await parts.services()).panels.open,
  };
}
