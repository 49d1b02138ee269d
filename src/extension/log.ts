import * as vscode from 'vscode';
import { redact } from '../engine/http/redact.ts';

/** The extension's output channel: the one place where text is written for later reading, so the one that redacts. */
export class Log implements vscode.Disposable {
  readonly #channel = vscode.window.createOutputChannel('Tierwise', { log: true });
  readonly #secrets = new Set<string>();

  /** From now on this text is masked in everything that is logged or shown. */
  hide(secret: string): void {
    this.#secrets.add(secret);
  }

  /** The text without any secret. */
  redacted(text: string): string {
    return redact(text, [...this.#secrets]);
  }

  debug(text: string): void {
    this.#channel.debug(this.redacted(text));
  }

  info(text: string): void {
    this.#channel.info(this.redacted(text));
  }

  error(text: string): void {
    this.#channel.error(this.redacted(text));
  }

  show(): void {
    this.#channel.show();
  }

  dispose(): void {
    this.#channel.dispose();
  }
}
