import type { Network } from '../protocol/measure.ts';
import type { Hovers } from './hover.ts';
import type { Services } from './services.ts';
import type { StatusBar } from './status-bar.ts';

/** What the tests inside VS Code may look at. It tells; it changes nothing and knows no secret. */
export interface Testing {
  /** Milliseconds that `activate` took. */
  readonly activationMs: number;
  /** Whether anything beyond registering has happened yet. */
  isLoaded(): boolean;
  statusText(): string | undefined;
  /** Milliseconds that the last hover took, without VS Code's own part. */
  hoverMs(): number | undefined;
  endpointIds(): Promise<string[]>;
  openReports(): Promise<readonly string[]>;
  /** What the view of the workspaces shows, `label | description` for each row from the top. */
  workspaceRows(): Promise<string[]>;
  /** What the view of the runs shows, `label | description | tooltip` for each run, newest first. */
  runRows(): Promise<string[]>;
  /** How the measuring process would reach the network. */
  network(): Promise<Network>;
  /** Where the extension may have written: its storage and its log. */
  readonly folders: readonly string[];
}

export function testing(parts: {
  activationMs: number;
  services: () => Promise<Services>;
  statusBar: StatusBar;
  hovers: Hovers;
  isLoaded: () => boolean;
  folders: readonly string[];
}): Testing {
  return {
    activationMs: parts.activationMs,
    isLoaded: parts.isLoaded,
    folders: parts.folders,
    statusText: () => parts.statusBar.text(),
    hoverMs: () => parts.hovers.lastMs(),
    endpointIds: async () => (await parts.services()).endpoints.all.map(({ id }) => id),
    network: async () => (await import('./settings.ts')).vscodeNetwork(),
    runRows: async () => {
      const { runItems } = await import('./run-items.ts');
      return (await runItems(await parts.services())).map(
        ({ label, description, tooltip }) => `${label} | ${description} | ${tooltip}`,
      );
    },
    openReports: async () => (await parts.services()).panels.open,
    workspaceRows: async () => {
      const { workspaceItems } = await import('./workspace-items.ts');
      const { workspaces } = await parts.services();
      return workspaceItems(workspaces, undefined)
        .flatMap((item) => [item, ...workspaceItems(workspaces, item)])
        .map(({ label, description }) => `${label} | ${description ?? ''}`);
    },
  };
}
