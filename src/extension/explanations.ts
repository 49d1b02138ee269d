import * as vscode from 'vscode';

/** Scheme of the read-only documents that explanations are. */
export const explanationScheme = 'tierwise';
const mostDocuments = 20;

/** Keeps the explanations that are open, the last ones of them. */
export class Explanations implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  #next = 1;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#texts.get(uri.path) ?? 'This explanation is gone. Run “Tierwise: Explain Complexity of Selection” again.'
    );
  }

  add(text: string): vscode.Uri {
    const path = `/Complexity ${this.#next++}.md`;
    this.#texts.set(path, text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > mostDocuments && oldest !== undefined) this.#texts.delete(oldest);
    return vscode.Uri.from({ scheme: explanationScheme, path });
  }
}
