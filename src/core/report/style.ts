/** The look of a report over `--tw-*` variables, which a page sets: from its own palettes (HTML export) or from VS Code's theme. */
export const reportCss = `
*{box-sizing:border-box}
body{margin:0;padding:20px 24px 40px;color:var(--tw-fg);background:var(--tw-bg);font:var(--tw-font-size)/1.45 var(--tw-font);font-variant-numeric:tabular-nums}
main{max-width:1400px;margin:0 auto}
h1{font-size:1.55em;font-weight:600;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.12em;font-weight:600;margin:28px 0 10px}
h3{font-size:1em;font-weight:600;margin:0 0 4px}
p{margin:0}
:focus-visible{outline:1px solid var(--tw-focus);outline-offset:1px}
.tw-facts{display:flex;flex-wrap:wrap;gap:2px 16px;align-items:center;color:var(--tw-muted)}
.tw-state{border:1px solid var(--tw-line);border-radius:3px;padding:0 7px;color:var(--tw-fg)}
.tw-state-stopped,.tw-state-cancelled,.tw-state-running{border-color:var(--tw-warning);border-style:dashed}
.tw-banner{margin-top:12px;padding:7px 12px;border:1px solid var(--tw-line);border-left:3px solid var(--tw-info);background:var(--tw-raised);border-radius:2px;overflow-wrap:anywhere}
.tw-warning{border-left-color:var(--tw-warning)}
.tw-invalid{border-left-color:var(--tw-error)}
.tw-comparison{margin-bottom:20px}
.tw-compared{margin-top:20px}
.tw-compared .tw-scroll{margin-top:8px}
.tw-conclusion{max-width:90ch;margin:0 0 8px}
.tw-comparison .tw-chart{max-width:640px}
.tw-comparison .tw-charts{grid-template-columns:minmax(0,1fr);margin-top:10px;align-items:center}
@media (min-width:1500px){.tw-comparison .tw-charts{grid-template-columns:1fr 1fr}}
.tw-charts+.tw-scroll{margin-top:14px}
.tw-banner ul{margin:2px 0 0;padding-left:18px}
.tw-note{margin-top:8px;color:var(--tw-muted);overflow-wrap:anywhere}
.tw-scroll{overflow-x:auto;margin:0 0 12px}
.tw-table{border-collapse:collapse;font-size:.95em;white-space:nowrap}
.tw-table caption{text-align:left;color:var(--tw-muted);padding:0 0 4px}
.tw-table th,.tw-table td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--tw-hair);font-weight:400}
.tw-table thead th{color:var(--tw-muted);font-weight:600;vertical-align:bottom;border-bottom-color:var(--tw-line)}
.tw-table thead th:first-child,.tw-table th[scope=row]{text-align:left}
.tw-table .tw-left{text-align:left}
.tw-table td.tw-long{min-width:30ch;max-width:60ch;white-space:normal;overflow-wrap:anywhere}
.tw-table th[scope=row]{color:var(--tw-fg);font-weight:600}
.tw-summary{width:100%}
.tw-summary thead tr:first-child th{border-bottom-color:transparent}
.tw-summary thead th[rowspan]{border-bottom-color:var(--tw-line)!important}
.tw-summary thead tr:last-child th:first-child{text-align:right}
.tw-summary .tw-group{text-align:center;padding-bottom:0}
.tw-summary .tw-edge{padding-left:16px}
.tw-summary th[scope=row]{position:sticky;left:0;background:var(--tw-bg);min-width:172px;white-space:normal;overflow-wrap:anywhere}
.tw-summary tbody tr:hover>*{background:var(--tw-hover)}
.tw-swatch{margin-right:7px;vertical-align:-1px}
details>summary{cursor:pointer;color:var(--tw-muted);width:fit-content}
details>summary:hover{color:var(--tw-fg)}
.tw-definitions{margin-top:14px}
.tw-definitions dl{columns:3 320px;column-gap:28px;margin:0 0 6px;font-size:.95em}
.tw-definitions dl>div{break-inside:avoid;padding-bottom:4px}
.tw-definitions dt{display:inline}
.tw-definitions dt::after{content:": "}
.tw-definitions dd{display:inline}
dt{font-weight:600;flex:none}
dd{margin:0;color:var(--tw-muted);overflow-wrap:anywhere;min-width:0}
.tw-charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:24px 32px;align-items:start}
.tw-figure{margin:0;min-width:0}
.tw-figure figcaption{font-weight:600;margin-bottom:6px}
.tw-figure details{margin-top:6px}
.tw-figure details .tw-scroll{margin-top:6px}
.tw-chart{display:block;width:100%;height:auto;max-width:820px}
.tw-chart text{font-family:var(--tw-font);fill:var(--tw-fg);font-size:12px}
.tw-chart .tw-name,.tw-chart .tw-values{paint-order:stroke;stroke:var(--tw-bg);stroke-width:3px;stroke-linejoin:round}
.tw-chart .tw-name{font-weight:600}
.tw-chart .tw-values,.tw-chart .tw-tick,.tw-chart .tw-axis{fill:var(--tw-muted);font-size:11px;font-weight:400}
.tw-grid{stroke:var(--tw-hair)}
.tw-base{stroke:var(--tw-line)}
.tw-area{stroke:var(--tw-c);stroke-width:1}
.tw-tint{fill:var(--tw-c);fill-opacity:.22}
.tw-hatch{stroke:var(--tw-c);stroke-width:1.2;fill:none}
.tw-mark{stroke:var(--tw-fg);stroke-width:1.6;fill:none}
.tw-mark.tw-p95{stroke-dasharray:4 2}
.tw-mark.tw-p99{stroke-dasharray:1.5 2.5}
.tw-marker{fill:var(--tw-c)}
.tw-halo{fill:var(--tw-bg)}
.tw-ring{fill:var(--tw-hair)}
.tw-ring-errors{fill:var(--tw-error)}
.tw-whisker{stroke:var(--tw-c);stroke-width:1.5;fill:none}
.tw-line{stroke:var(--tw-c);stroke-width:1.8;fill:none;stroke-linejoin:round}
.tw-dashed{stroke-dasharray:5 3;stroke-width:1.2}
.tw-limit{stroke:var(--tw-error);stroke-dasharray:6 4}
.tw-guide{stroke:var(--tw-muted);stroke-width:.8;fill:none}
.tw-hollow{fill:var(--tw-bg);stroke:var(--tw-c);stroke-width:1.5}
.tw-undecided{--tw-c:var(--tw-muted)}
.tw-lane{fill:var(--tw-raised)}
.tw-band{fill:var(--tw-hair)}
.tw-legend{display:flex;flex-wrap:wrap;gap:2px 16px;color:var(--tw-muted);font-size:.92em;margin-top:2px}
.tw-key{display:inline-block;width:0;height:12px;border-left:2px solid var(--tw-fg);margin-right:6px;vertical-align:-2px}
.tw-key-p95{border-left-style:dashed}
.tw-key-p99{border-left-style:dotted}
.tw-reading{margin:0;padding-left:18px;color:var(--tw-muted);max-width:90ch}
.tw-run{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:16px 32px}
.tw-run dl{margin:0}
.tw-run dl>div{display:grid;grid-template-columns:minmax(110px,38%) 1fr;gap:10px}
.tw-run dt{font-weight:400;color:var(--tw-muted);overflow-wrap:anywhere}
.tw-run dd{color:var(--tw-fg)}
${Array.from({ length: 10 }, (_, index) => `.tw-s${index}{--tw-c:var(--tw-series-${index})}`).join('\n')}
@media (forced-colors:active){:root:root:root:root{${Array.from({ length: 10 }, (_, index) => `--tw-series-${index}:CanvasText`).join(';')};--tw-fg:CanvasText;--tw-muted:CanvasText;--tw-bg:Canvas;--tw-raised:Canvas;--tw-line:GrayText;--tw-hair:GrayText;--tw-hover:Canvas;--tw-error:Highlight;--tw-focus:Highlight}}
`;

/** Ten hues that keep 3:1 against the page in each scheme. */
const LIGHT_SERIES = [
  '#0b62b8',
  '#a84d00',
  '#117a4b',
  '#8337b3',
  '#b02a4c',
  '#8a6d00',
  '#00737d',
  '#5a5f6b',
  '#9c3587',
  '#4a6b12',
];
const DARK_SERIES = [
  '#6cb2ff',
  '#f0a35e',
  '#63d29a',
  '#cf9cf5',
  '#ff8fa8',
  '#e0c74a',
  '#4fd0da',
  '#b4bac6',
  '#f291d8',
  '#a5d676',
];

const LIGHT = palette(
  LIGHT_SERIES,
  '--tw-fg:#1f2328;--tw-muted:#59636e;--tw-bg:#fff;--tw-raised:#f6f8fa;--tw-line:#c4cbd3;--tw-hair:#e4e8ec;--tw-hover:#f3f6f9;--tw-info:#0b62b8;--tw-warning:#9a6700;--tw-error:#cf222e;--tw-focus:#0b62b8',
);
const DARK = palette(
  DARK_SERIES,
  '--tw-fg:#e2e6ea;--tw-muted:#a0a9b3;--tw-bg:#16191d;--tw-raised:#1f2429;--tw-line:#454c55;--tw-hair:#2a3036;--tw-hover:#1f2429;--tw-info:#6cb2ff;--tw-warning:#d9a441;--tw-error:#ff7b72;--tw-focus:#6cb2ff',
);

function palette(series: readonly string[], rest: string): string {
  return `${series.map((colour, index) => `--tw-series-${index}:${colour}`).join(';')};${rest}`;
}

/** Palettes of the exported page: the reader's system decides between light and dark; paper is light. */
export const pageCss = `
:root{color-scheme:light dark;--tw-font:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;--tw-font-size:13px;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
.tw-requests{margin-top:8px}
.tw-chunk{content-visibility:auto;overflow-x:auto}
.tw-chunk table{table-layout:fixed}
.tw-chunk td{overflow:hidden;text-overflow:ellipsis}
.tw-chunk td:nth-child(-n+6){text-align:left}
.tw-chunk thead th:nth-child(-n+6){text-align:left}
.tw-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{margin-top:32px;color:var(--tw-muted)}
@media print{body{padding:0;font-size:10px}.tw-scroll{overflow:visible}.tw-figure,tr{break-inside:avoid}h2{break-after:avoid}.tw-summary th[scope=row]{position:static}.tw-chunk{content-visibility:visible}}
`;

/** VS Code's theme as the report's variables. Charts take the theme's own chart colours first, where they can be seen. */
export const panelCss = `
:root{--tw-font:var(--vscode-font-family,system-ui,sans-serif);--tw-mono:var(--vscode-editor-font-family,monospace);--tw-font-size:var(--vscode-font-size,13px);--tw-fg:var(--vscode-foreground);--tw-muted:var(--vscode-descriptionForeground);--tw-bg:var(--vscode-editor-background);--tw-raised:var(--vscode-textBlockQuote-background,var(--vscode-editorWidget-background));--tw-line:var(--vscode-contrastBorder,var(--vscode-editorWidget-border,var(--vscode-panel-border)));--tw-hair:color-mix(in srgb,var(--tw-fg) 14%,transparent);--tw-hover:var(--vscode-list-hoverBackground);--tw-info:var(--vscode-editorInfo-foreground);--tw-warning:var(--vscode-editorWarning-foreground);--tw-error:var(--vscode-editorError-foreground);--tw-focus:var(--vscode-focusBorder)}
:root:has(>body.vscode-light,>body.vscode-high-contrast-light){${chartColours(LIGHT_SERIES)}}
:root:has(>body.vscode-dark,>body.vscode-high-contrast:not(.vscode-high-contrast-light)){${chartColours(DARK_SERIES)}}
`;

function chartColours(fallbacks: readonly string[]): string {
  // Orange and yellow are ours: in VS Code's light themes its own are too pale against the page.
  const themed = ['blue', undefined, 'green', 'purple', 'red'];
  return fallbacks
    .map(
      (colour, index) =>
        `--tw-series-${index}:${themed[index] ? `var(--vscode-charts-${themed[index]},${colour})` : colour}`,
    )
    .join(';');
}
