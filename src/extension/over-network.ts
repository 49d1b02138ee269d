import * as vscode from 'vscode';
import { createFetchTransport } from '../engine/http/fetch-transport.ts';
import type { Transport } from '../engine/http/transport.ts';

/** A small request of the editor's own, under a notification that can cancel it. */
export async function overNetwork<T>(
  title: string,
  work: (transport: Transport, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (_, token) => {
      const cancelling = new AbortController();
      token.onCancellationRequested(() => cancelling.abort());
      const transport = createFetchTransport();
      try {
        return await work(transport, cancelling.signal);
      } finally {
        await transport.close();
      }
    },
  );
}
