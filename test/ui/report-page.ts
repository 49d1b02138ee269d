import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Frame, Page } from 'playwright-core';
import { panelHtml } from '../../src/protocol/panel-page.ts';
import type { FromWebview, ToWebview } from '../../src/protocol/webview.ts';
import { type Theme, themes } from './vscode-themes.ts';

const WEBVIEW = join(import.meta.dirname, '..', '..', 'dist', 'webview.js');
const NONCE = 'dGVzdC1ub25jZS10ZXN0LW5vbmNl';

/** Serves the report panel's page and script as VS Code would: nonce, content policy, other origin's sources refused. */
export async function servePanel(): Promise<{ url: string; close: () => Promise<void> }> {
  const script = readFileSync(WEBVIEW);
  const server = createServer((request, response) => {
    if (request.url === '/webview.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    } else if (request.url === '/') {
      const cspSource = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const page = panelHtml({ nonce: NONCE, scriptUri: '/webview.js', cspSource, title: 'Report' });
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export interface Panel {
  readonly page: Page;
  /** What the page posted so far. */
  messages(): Promise<FromWebview[]>;
  post(message: ToWebview): Promise<void>;
  /** Refused by the content policy, or thrown in the page. */
  readonly problems: string[];
}

export interface PanelOptions {
  readonly theme?: keyof typeof themes;
  readonly width?: number;
  readonly height?: number;
  /** What `getState` gives. */
  readonly state?: unknown;
}

/** Opens the panel with a host that only writes down what it is told. */
export async function openPanel(browser: Browser, url: string, options: PanelOptions = {}): Promise<Panel> {
  const page = await browser.newPage({ viewport: { width: options.width ?? 1280, height: options.height ?? 900 } });
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.addInitScript({ content: hostScript(themes[options.theme ?? 'dark'], options.state) });
  await page.goto(url);
  return {
    page,
    problems,
    messages: () => page.evaluate('window.posted') as Promise<FromWebview[]>,
    post: async (message) => {
      await page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`);
    },
  };
}

function hostScript(theme: Theme, state: unknown): string {
  return `
    window.posted = [];
    window.stored = ${JSON.stringify(state) ?? 'undefined'};
    window.acquireVsCodeApi = () => ({
      postMessage: (message) => window.posted.push(message),
      getState: () => window.stored,
      setState: (state) => { window.stored = state; },
    });
    document.addEventListener('DOMContentLoaded', () => {
      for (const [name, value] of Object.entries(${JSON.stringify(theme.colours)})) document.documentElement.style.setProperty('--vscode-' + name, value);
      document.body.className = ${JSON.stringify(theme.kind)};
    });`;
}

/** Serious and critical findings of axe-core in a page or a frame, one line each. */
export async function axeFindings(page: Page | Frame): Promise<string[]> {
  await page.evaluate(
    readFileSync(join(import.meta.dirname, '..', '..', 'node_modules', 'axe-core', 'axe.min.js'), 'utf8'),
  );
  return (await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations
    .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
    .flatMap((violation) => violation.nodes.map((node) => violation.id + ': ' + node.target.join(' ') + ': ' + node.failureSummary)))`)) as string[];
}
