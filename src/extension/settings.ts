import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import type { Network } from '../protocol/measure.ts';
import { type SettingName, type SettingValue, settingDefinitions } from './setting-definitions.ts';

/** The settings under `tierwise.`, checked. The only module that reads configuration. */
export class Settings implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #values = new Map<SettingName, unknown>();
  readonly #subscription = vscode.workspace.onDidChangeConfiguration((event) => {
    if (!event.affectsConfiguration('tierwise')) return;
    this.#values.clear();
    this.#changed.fire();
  });
  readonly onDidChange = this.#changed.event;

  /** The value, or the default where the value that stands there is not valid (the settings editor underlines it). */
  get<N extends SettingName>(name: N): SettingValue<N> {
    if (!this.#values.has(name)) {
      const parsed = settingDefinitions[name].schema.safeParse(this.raw(name));
      this.#values.set(name, parsed.success ? parsed.data : settingDefinitions[name].default);
    }
    return this.#values.get(name) as SettingValue<N>;
  }

  /** The value as it stands, unchecked. Of an application setting only the person's own value counts. */
  raw(name: SettingName): unknown {
    const configuration = vscode.workspace.getConfiguration('tierwise');
    const { scope, default: standard } = settingDefinitions[name];
    if (scope === 'window') return configuration.get(name);
    // VS Code keeps a workspace's value away from such a setting; this does not rely on it.
    return configuration.inspect(name)?.globalValue ?? standard;
  }

  /** Writes the person's own value. @throws Failure `config` when VS Code cannot, as while settings.json has unsaved changes. */
  async set<N extends SettingName>(name: N, value: SettingValue<N>): Promise<void> {
    try {
      await vscode.workspace.getConfiguration('tierwise').update(name, value, vscode.ConfigurationTarget.Global);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new Failure({ code: 'config', message: `Your settings could not be written. ${said}` }, { cause });
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** How VS Code reaches the network, by the person's own settings only: a proxy from a workspace would see what is sent. */
export function vscodeNetwork(): Network {
  const http = vscode.workspace.getConfiguration('http');
  const proxy = http.inspect<string>('proxy')?.globalValue;
  const noProxy = http.inspect<string[]>('noProxy')?.globalValue;
  return {
    ...(proxy && { proxy }),
    ...(noProxy?.length && { noProxy: noProxy.join(',') }),
    strictSsl: http.inspect<boolean>('proxyStrictSSL')?.globalValue !== false,
  };
}
