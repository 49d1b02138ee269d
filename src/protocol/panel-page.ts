import { markup } from '../core/report/markup.ts';
import { panelCss, reportCss } from '../core/report/style.ts';

export interface PanelPage {
  /** Fresh for every page, at least 128 random bits. */
  readonly nonce: string;
  /** The webview's URI of `dist/webview.js`. */
  readonly scriptUri: string;
  /** `webview.cspSource`. */
  readonly cspSource: string;
  readonly title: string;
}

/** The panel's page: it allows one script and styles by nonce, and nothing from the network. The script fills `#report`. */
export function panelHtml(page: PanelPage): string {
  const { nonce, scriptUri, cspSource, title } = page;
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return markup`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style nonce="${nonce}">${{ markup: `${panelCss}${reportCss}` }}</style></head>
<body><main id="report" aria-busy="true"><p role="status">Loading the report…</p></main>
<script nonce="${nonce}" src="${scriptUri}"></script></body></html>
`.markup;
}
