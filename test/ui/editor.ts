// A person's view of VS Code: the workbench in a browser, with the extension installed, used by keyboard and mouse.
import { cp, mkdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Browser, Frame, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../browser.ts';
import { type EditorServer, startEditorServer } from '../editor-server.ts';
import { packageExtension } from './package-extension.ts';
import { QuickInput } from './quick-input.ts';
import { TextEditor } from './text-editor.ts';
import { until } from './until.ts';

/** Colour themes by their ids in VS Code 1.139, and how the workbench marks each kind. */
export const colorThemes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  highContrast: 'Default High Contrast',
  highContrastLight: 'Default High Contrast Light',
} as const;

const themeClasses = {
  dark: '.vs-dark',
  light: '.vs',
  highContrast: '.hc-black',
  highContrastLight: '.hc-light',
} as const;

export type ColorTheme = keyof typeof colorThemes;

/** How to open an editor. */
export type EditorOptions = {
  /** The folder to open. The editor works on a copy of it. */
  readonly folder: string;
  /** The user's settings, beside those that keep the start quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Default `dark`. */
  readonly colorTheme?: ColorTheme;
  /** `granted` (default): no question; `ask`: VS Code asks in a dialog; `restricted`: untrusted, without a question. */
  readonly trust?: 'granted' | 'ask' | 'restricted';
  /** Size of the window in CSS pixels, default 1280 x 800. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Pixels of a picture for each CSS pixel, default 1. */
  readonly pixelRatio?: number;
  /** Environment variables for the extension, beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
} & (
  | { /** A packaged extension, which is installed. */ readonly vsixPath: string }
  | { /** The folder of a built extension, which is packaged and installed. */ readonly developmentPath: string }
);

/** A part of the window, in CSS pixels. */
export interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An error that the browser has reported, from the workbench or from a webview. */
export interface ConsoleError {
  readonly text: string;
  /** Where it comes from; empty when the browser does not say. */
  readonly url: string;
}

/** What this VS Code may report on any start, because some native modules, update server and sign-in are not there. */
const EXPECTED_ERRORS = [
  /\/node_modules\/vsda\//,
  /\/update\/check/,
  /\[Service Worker\] registration/,
  /when fetching the script/,
  /authentication provider 'github'/,
];

/** Opens VS Code; resolves when a person could begin to work. */
export async function openEditor(options: EditorOptions): Promise<Editor> {
  const { trust = 'granted', colorTheme = 'dark' } = options;
  const vsixPath = 'vsixPath' in options ? options.vsixPath : await packageExtension(resolve(options.developmentPath));
  const [server, browser] = await Promise.all([
    startEditorServer({
      vsixPath: resolve(vsixPath),
      ...(options.env && { env: options.env }),
      workspaceTrust: trust !== 'granted',
      settings: {
        'workbench.colorTheme': colorThemes[colorTheme],
        // Pictures show what is there, not how it comes.
        'workbench.reduceMotion': 'on',
        'remote.autoForwardPorts': false,
        'editor.minimap.enabled': false,
        'security.workspace.trust.startupPrompt': trust === 'ask' ? 'always' : 'never',
        ...options.settings,
      },
    }),
    launchBrowser(),
  ]);
  try {
    const folder = join(server.folder, 'workspaces', basename(options.folder));
    await cp(resolve(options.folder), folder, { recursive: true });
    const page = await browser.newPage({
      viewport: options.size ?? { width: 1280, height: 800 },
      deviceScaleFactor: options.pixelRatio ?? 1,
    });
    const settings = JSON.parse(await readFile(server.settingsFile, 'utf8'));
    const editor = new Editor(server, browser, page, folder, settings);
    await page.goto(server.url(folder));
    await page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor({ timeout: 120_000 });
    return editor;
  } catch (error) {
    await browser.close();
    await server.stop();
    throw error;
  }
}

/** An open VS Code, to be closed. */
export class Editor {
  readonly #server: EditorServer;
  readonly #browser: Browser;
  readonly #errors: ConsoleError[] = [];
  readonly #settings: Record<string, unknown>;
  /** The browser's page, for all that has no method here. */
  readonly page: Page;
  /** The open folder: a copy that is removed when the editor closes. */
  readonly folder: string;
  readonly quickInput: QuickInput;
  readonly textEditor: TextEditor;

  constructor(server: EditorServer, browser: Browser, page: Page, folder: string, settings: Record<string, unknown>) {
    this.#server = server;
    this.#browser = browser;
    this.page = page;
    this.folder = folder;
    this.#settings = settings;
    this.quickInput = new QuickInput(page);
    this.textEditor = new TextEditor(page, this.quickInput);
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => this.#errors.push({ text: error.stack ?? error.message, url: '' }));
    page.on('console', (message) => {
      const error = { text: message.text().replace(/^%c\s*\w+ color: #\w+ /, ''), url: message.location().url };
      const expected = EXPECTED_ERRORS.some((pattern) => pattern.test(error.text) || pattern.test(error.url));
      if (message.type() === 'error' && !expected) this.#errors.push(error);
    });
  }

  /** Runs a command by its title in the palette, such as `Tierwise: Add Endpoint`. */
  async runCommand(title: string): Promise<void> {
    await this.quickInput.pick('F1', title, title);
  }

  /** The titles that the palette offers for `text`, from the top, once it offers any. */
  async commands(text: string): Promise<readonly string[]> {
    await this.quickInput.search('F1', text, this.quickInput.rows.filter({ hasText: text }).first());
    const titles = await this.quickInput.labels();
    await this.quickInput.cancel();
    return titles;
  }

  /** Opens a file of the folder by its name. */
  async openFile(name: string): Promise<void> {
    await this.quickInput.pick('ControlOrMeta+P', name, basename(name));
    await this.page.locator(`.tab.active[data-resource-name="${basename(name)}"]`).waitFor();
    await this.textEditor.root.locator('.view-line').first().waitFor();
  }

  /** Rests the mouse on `text` in a line, numbered from 1, and returns the hover that appears. */
  async hoverAt(line: number, text: string): Promise<Locator> {
    return this.textEditor.hoverAt(line, text);
  }

  /** Opens the view container with this title from the activity bar, and returns the side bar. */
  async openView(title: string): Promise<Locator> {
    const item = this.page.locator('.part.activitybar .action-item', {
      has: this.page.locator(`.action-label[aria-label^="${title}"]`),
    });
    // A click on the open one would close it.
    if ((await item.getAttribute('aria-selected')) !== 'true') await item.click();
    await item.and(this.page.locator('[aria-selected="true"]')).waitFor();
    return this.page.locator('.part.sidebar');
  }

  /**
   * The innermost frame of a visible webview, which holds the document that the extension has written. A new document is a new
   * frame: ask again after the extension has replaced it.
   * @param wanted the `<title>` of the document, or a test of the frame.
   */
  async webview(wanted: string | ((frame: Frame) => Promise<boolean>)): Promise<Frame> {
    const fits = typeof wanted === 'string' ? async (frame: Frame) => (await frame.title()) === wanted : wanted;
    return until(`the webview ${typeof wanted === 'string' ? wanted : 'that is wanted'}`, async () => {
      for (const outer of await this.page.locator('iframe.webview.ready:visible').elementHandles()) {
        // While a document is being replaced there are two frames: this one is shown.
        const active = await (await outer.contentFrame())?.$('#active-frame');
        const frame = await active?.contentFrame();
        if (frame && (await fits(frame))) return frame;
      }
      return undefined;
    });
  }

  /** What the status bar says, one item per line, from left to right. */
  async statusBarText(): Promise<string> {
    const texts = await this.page.locator('.part.statusbar .statusbar-item:visible').allInnerTexts();
    return texts
      .map((text) => text.replace(/\s+/g, ' ').trim())
      .filter(Boolean)
      .join('\n');
  }

  /** The visible lines of the text editors that show this text, in whichever group they are. */
  linesWith(text: string | RegExp): Locator {
    // The editor shows spaces as no-break spaces, which a pattern's space does not match.
    const wanted = typeof text === 'string' ? text : new RegExp(text.source.replaceAll(' ', '\\s'), text.flags);
    return this.page.locator('.part.editor .monaco-editor .view-lines').filter({ hasText: wanted });
  }

  /** The status-bar item that shows this text. */
  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text });
  }

  /** The notification that says this. Its buttons are found by `getByRole('button', { name })`. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-toast').filter({ hasText: text });
  }

  /** The modal dialog, such as the question for trust. */
  get dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /**
   * Changes settings of the user, by editing settings.json and saving it. (To write the file from outside is no way: this VS
   * Code does not always notice.)
   */
  async changeSettings(settings: Readonly<Record<string, unknown>>): Promise<void> {
    Object.assign(this.#settings, settings);
    await this.runCommand('Preferences: Open User Settings (JSON)');
    const tab = this.page.locator('.tab.active[data-resource-name="settings.json"]');
    await tab.waitFor();
    await this.textEditor.root.and(this.page.locator('.focused')).waitFor();
    await this.page.keyboard.press('ControlOrMeta+A');
    // In one line, because the editor would indent what follows a line's end.
    await this.page.keyboard.insertText(JSON.stringify(this.#settings));
    await this.runCommand('File: Save');
    await tab.and(this.page.locator(':not(.dirty)')).waitFor();
    await this.runCommand('View: Close Editor');
    await tab.waitFor({ state: 'detached' });
  }

  /** Changes the colour theme; resolves when it is shown. */
  async changeColorTheme(theme: ColorTheme): Promise<void> {
    await this.changeSettings({ 'workbench.colorTheme': colorThemes[theme] });
    await this.page.locator(`.monaco-workbench${themeClasses[theme]}`).waitFor();
  }

  /**
   * Saves a picture of the window, or of a part of it in CSS pixels, as out/screenshots/NAME.png.
   * @returns its path.
   */
  async screenshot(name: string, clip?: Clip): Promise<string> {
    const folder = resolve(import.meta.dirname, '..', '..', 'out', 'screenshots');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${name}.png`);
    await this.page.screenshot({ path, ...(clip && { clip }) });
    return path;
  }

  /** The folder of everything that this VS Code writes: user data, logs, extensions, and the copy of the open folder. */
  get profile(): string {
    return this.#server.folder;
  }

  /** The errors of workbench and webviews so far, without those that every start of this VS Code reports. */
  consoleErrors(): readonly ConsoleError[] {
    return this.#errors;
  }

  /** What the VS Code server has logged so far. */
  serverLog(): string {
    return this.#server.log();
  }

  /** Closes browser and server and removes all they have written. */
  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.stop();
  }
}
