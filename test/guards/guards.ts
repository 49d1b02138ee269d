// Every guard of docs/security.md that stands between a secret and a stranger: how to take it away, and the test that must then
// fail. `test/guards/run.ts` tries them all; a unit test sees to it that each place is still found.

/** What stands once in a file of the project, and what takes its place. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A guard and the test that keeps it. */
export interface Guard {
  readonly name: string;
  /** Several where one guard stands behind another: both must fall before anything can happen. */
  readonly edits: readonly Edit[];
  /** `host`: names of tests inside VS Code, as a regular expression; `unit`: a file of vitest. */
  readonly test: { readonly host: string } | { readonly unit: string };
}

const host = (name: string) => ({ host: name });
const unit = (file: string) => ({ unit: file });

const endpointsScope: Edit = {
  file: 'package.json',
  find: '"tierwise.endpoints": {\n            "order": 0,\n            "scope": "application"',
  replace: '"tierwise.endpoints": {\n            "order": 0,\n            "scope": "window"',
};
const savedState: Edit = {
  file: 'src/extension/keys.ts',
  find: "saved.origin === parseBaseUrl(endpoint.baseUrl).origin ? 'saved' : 'other-origin'",
  replace: "'saved'",
};
const inBaseUrl = (find: string, replace: string): Edit => ({ file: 'src/engine/http/base-url.ts', find, replace });
const baseUrlTest = unit('src/engine/http/base-url.test.ts');

export const guards: readonly Guard[] = [
  {
    name: 'endpoints are an application setting',
    edits: [endpointsScope],
    test: host('no setting that is only the person’s'),
  },
  {
    name: 'of an application setting only the person’s own value counts',
    edits: [
      endpointsScope,
      {
        file: 'src/extension/settings.ts',
        find: "if (scope === 'window') return configuration.get(name);",
        replace: 'if (scope) return configuration.get(name);',
      },
    ],
    test: host('an id that maps to a saved key is not swapped'),
  },
  {
    name: 'two endpoints do not share an id',
    edits: [
      {
        file: 'src/engine/config/check.ts',
        find: "...duplicateProblems([...endpoints, parsed.data]).map(({ message }) => ({ path: ['id'], message })),",
        replace: '',
      },
    ],
    test: host('a second endpoint with the id'),
  },
  {
    name: 'programs are looked for in absolute folders only',
    edits: [{ file: 'src/engine/databricks/program.ts', find: 'if (!isAbsolute(folder)) continue;', replace: '' }],
    test: host('the person’s own sign-in'),
  },
  {
    name: 'a profile is read from the person’s file only',
    edits: [
      {
        file: 'src/engine/databricks/profiles.ts',
        find: "if (!named) return join(home, '.databrickscfg');",
        replace: "if (!named) return '.databrickscfg';",
      },
    ],
    test: host('no profile, variable or file of the workspace'),
  },
  {
    name: 'a key saved for another origin is noticed',
    edits: [savedState],
    test: host('(Run Prompt|a benchmark) does not send the key there'),
  },
  {
    name: 'the person is asked before a key goes to a new address',
    edits: [
      {
        file: 'src/extension/consent.ts',
        find: 'if (answer === undefined) throw new vscode.CancellationError();\n    if (answer === useSaved)',
        replace: 'if (answer !== setNew)',
      },
    ],
    test: host('a benchmark does not send the key there'),
  },
  {
    name: 'a workspace is not listed before its address is agreed on',
    edits: [{ file: 'src/extension/workspaces.ts', find: 'await this.#consent.keyFor(endpoint);', replace: '' }],
    test: host('the list of a workspace does not send'),
  },
  {
    name: 'a run is resumed at its own address only',
    edits: [
      {
        file: 'src/extension/run-actions.ts',
        find: 'if (configured && isSameEndpoint(configured, planned)) return configured;',
        replace: 'if (configured) return configured;',
      },
    ],
    test: host('a run is not resumed at another address'),
  },
  {
    name: 'keyForOrigin compares origins',
    edits: [inBaseUrl('return bound.origin === target.origin ? key.key : undefined;', 'return key.key;')],
    test: baseUrlTest,
  },
  {
    name: 'the host follows no redirect',
    edits: [
      { file: 'src/engine/http/fetch-transport.ts', find: "redirect: 'manual',", replace: "redirect: 'follow'," },
    ],
    test: host('a chat of anthropic does not follow it|lists of models do not follow it'),
  },
  {
    name: 'the measuring process follows no redirect',
    edits: [
      {
        file: 'src/engine/http/undici-transport.ts',
        find: 'route.dispatch(',
        replace:
          "route.compose((await import('undici')).interceptors.redirect({ maxRedirections: 3, throwOnMaxRedirect: false })).dispatch(",
      },
      {
        file: 'src/engine/http/undici-transport.ts',
        find: 'return new Promise<Sent>((resolve, reject) => {',
        replace: 'return new Promise<Sent>(async (resolve, reject) => {',
      },
    ],
    test: host('the measuring process does not follow it'),
  },
  {
    name: 'a client secret goes to the workspace itself only',
    edits: [
      {
        file: 'src/engine/databricks/service-principal.ts',
        find: 'if (URL.canParse(named) && new URL(named).origin === origin) return named;',
        replace: 'return named;',
      },
    ],
    test: host('the sign-in of a service principal does not follow it'),
  },
  {
    name: 'the certificate of a workspace is always checked',
    edits: [
      {
        file: 'src/engine/endpoints/exchange.ts',
        find: "const verifyTls = target.protocol === 'databricks';",
        replace: 'const verifyTls = false;',
      },
    ],
    test: host('gets no token, by prompt, list or benchmark'),
  },
  {
    name: 'a user name in an address is refused',
    edits: [inBaseUrl("if (authority.includes('@')) {", 'if (authority === undefined) {')],
    test: host('is refused by the box of Add Endpoint'),
  },
  {
    name: 'a backslash in an address is refused',
    edits: [inBaseUrl("if (raw.includes('\\\\'))", "if (raw === '')")],
    test: baseUrlTest,
  },
  {
    name: 'letters that can be mistaken for others are refused',
    edits: [
      inBaseUrl(
        "if (/[^\\x21-\\x7e]|%/.test(authority) || host.split('.').some((label) => label.startsWith('xn--'))) {",
        "if (raw === '') {",
      ),
    ],
    test: baseUrlTest,
  },
  {
    name: 'a dot at the end of a host is refused',
    edits: [inBaseUrl("if (host.endsWith('.')) refuse(", "if (raw === '') refuse(")],
    test: baseUrlTest,
  },
  {
    name: 'spaces and invisible characters in an address are refused',
    edits: [inBaseUrl("refuse('holds spaces or invisible characters', 'Type it anew instead of pasting it');", '')],
    test: baseUrlTest,
  },
  {
    name: 'the box of Add Endpoint checks what is typed',
    edits: [
      {
        file: 'src/extension/add-endpoint.ts',
        find: 'validateInput: (text) => problemOf(() => parseBaseUrl(text)),',
        replace: '',
      },
    ],
    test: host('does not leave a real box'),
  },
  {
    name: 'addresses in the settings are checked',
    edits: [
      {
        file: 'src/engine/config/check.ts',
        find: "protocol === 'databricks' ? parseWorkspaceHost(baseUrl) : parseBaseUrl(baseUrl),",
        replace: 'undefined,',
      },
    ],
    test: host('that was written into the settings by hand'),
  },
  {
    name: 'a workspace is reached over https only',
    edits: [
      {
        file: 'src/engine/databricks/host.ts',
        find: 'if (base.needsConfirmation !== undefined) {',
        replace: 'if (base === undefined) {',
      },
    ],
    test: host('of a workspace is refused by the box'),
  },
  {
    name: 'a doubtful address is asked about before a request',
    edits: [
      {
        file: 'src/extension/consent.ts',
        find: 'if (needsConfirmation === undefined || agreed.includes(origin)) return;',
        replace: 'if (origin !== needsConfirmation) return;',
      },
    ],
    test: host('is asked about before a benchmark begins|on this machine is used without'),
  },
  {
    name: 'a doubtful address is asked about when it is added',
    edits: [{ file: 'src/extension/add-endpoint.ts', find: 'await consent.agree(baseUrl.url);', replace: '' }],
    test: host('is asked about when it is added'),
  },
  {
    name: 'addresses that hand out credentials are known',
    edits: [inBaseUrl('(v4?.[0] === 169 && v4[1] === 254)', "(v4?.[0] === 0 && host === '')")],
    test: host('is asked about when it is added'),
  },
  {
    name: 'an IPv4 address inside an IPv6 one is seen',
    edits: [inBaseUrl('return embedded?.flatMap((group) => [group >> 8, group & 255]);', 'return undefined;')],
    test: baseUrlTest,
  },
  {
    name: 'the time limit holds',
    edits: [
      {
        file: 'src/engine/endpoints/exchange.ts',
        find: 'const limit = Math.min(timeoutMs, longestTimerMs);',
        replace: 'const limit = longestTimerMs;',
      },
    ],
    test: unit('src/engine/endpoints/call.test.ts'),
  },
  {
    name: 'cancelling ends a request',
    edits: [
      {
        file: 'src/engine/endpoints/exchange.ts',
        find: "signal?.addEventListener('abort', cancel);",
        replace: '',
      },
    ],
    test: host('hang: closing the page ends'),
  },
  {
    name: 'the byte cap holds',
    edits: [
      {
        file: 'src/engine/endpoints/exchange.ts',
        find: "if (bytes > maxBytes) throw new Failure({ code: 'too-large', message: tooLarge(maxBytes) });",
        replace: '',
      },
    ],
    test: host('more than a model could say'),
  },
  {
    name: 'one event has a cap of its own',
    edits: [
      {
        file: 'src/engine/endpoints/reader.ts',
        find: 'const maxEventBytes = 8 * 1024 * 1024;',
        replace: 'const maxEventBytes = 2 ** 40;',
      },
    ],
    test: host('more than a model could say'),
  },
  {
    name: 'a compressed answer is refused',
    edits: [{ file: 'src/engine/http/fetch-transport.ts', find: '      refuseCompressed(fields, url);', replace: '' }],
    test: host('openai: each fault ends a prompt'),
  },
  {
    name: 'secrets are masked in messages',
    edits: [
      {
        file: 'src/engine/http/redact.ts',
        find: 'let result = text;',
        replace: "let result = text; if (result !== '') return text;",
      },
    ],
    test: host('bearer of openai'),
  },
  {
    name: 'the key is masked in what is kept of an answer',
    edits: [
      {
        file: 'src/engine/endpoints/call.ts',
        find: "for (const secret of secrets.filter(isSecret)) clean = clean.replaceAll(secret, '[redacted]');",
        replace: '',
      },
    ],
    test: host('x-api-key of anthropic'),
  },
  {
    name: 'the key is masked in an answer that is shown while it comes',
    edits: [
      {
        file: 'src/engine/endpoints/call.ts',
        find: 'options.onText && maskingKeys(secrets, options.onText);',
        replace: 'options.onText && maskingKeys([], options.onText);',
      },
    ],
    test: host('pat of databricks'),
  },
  {
    name: 'the key is masked in lists of models',
    edits: [
      { file: 'src/engine/endpoints/call.ts', find: 'id: withoutKey(model.id, secrets)', replace: 'id: model.id' },
    ],
    test: host('a key that a list names'),
  },
  {
    name: 'the token is masked in what a workspace answers',
    edits: [
      {
        file: 'src/engine/databricks/rest.ts',
        find: '(text) => withoutKeyIn(parseJson(text), secret),',
        replace: '(text) => parseJson(text),',
      },
    ],
    test: host('a token that a workspace names'),
  },
];
