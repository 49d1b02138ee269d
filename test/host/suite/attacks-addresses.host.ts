import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { benchmark, command, endpointAt, runFolders, runPrompt, selectPrompt, words } from './acts.ts';
import { type Asked, answering } from './person.ts';
import { type Recorder, startRecorder } from './recorder.ts';
import { closeEditors, tierwise, until, withSetting } from './tierwise.ts';

type InputBox = vscode.InputBoxOptions & { validateInput(text: string): unknown };
type ShowInputBox = (options: vscode.InputBoxOptions) => PromiseLike<string | undefined>;

/** Runs Add Endpoint for a kind; `show` takes the place of the box that asks for the address. */
function addingWith(kind: string, show: ShowInputBox): Promise<Asked[]> {
  return answering({ showQuickPick: () => kind }, async () => {
    const window = vscode.window as { showInputBox: unknown };
    const standIn = window.showInputBox;
    window.showInputBox = (options: vscode.InputBoxOptions) => {
      window.showInputBox = standIn;
      return show(options);
    };
    await vscode.commands.executeCommand('tierwise.addEndpoint');
  });
}

/** The box in which Add Endpoint asks for an address, as VS Code is given it. */
async function addressBox(kind: string): Promise<InputBox> {
  let box: vscode.InputBoxOptions | undefined;
  await addingWith(kind, async (options) => {
    box = options;
    return undefined;
  });
  assert.ok(box?.validateInput, `${kind} asks for no address`);
  return box as InputBox;
}

/** Remembers the addresses that the host's requests go to, and lets none of them leave. */
async function watchingFetch(action: () => Promise<void>): Promise<string[]> {
  const asked: string[] = [];
  const real = globalThis.fetch;
  globalThis.fetch = async (input) => {
    asked.push(input instanceof Request ? input.url : String(input));
    throw new TypeError('nothing leaves this test');
  };
  try {
    await action();
  } finally {
    globalThis.fetch = real;
  }
  return asked;
}

describe('Attack 7, an address that misleads:', () => {
  let server: Recorder;
  before(async () => {
    server = await startRecorder();
  });
  after(() => server.stop());
  afterEach(closeEditors);

  /** Each leads, for some reader or program, to another host than it seems; many to a server that would see a request. */
  const misleading = (port: number): [string, RegExp][] => [
    [`http://good.example@127.0.0.1:${port}/v1`, /user name or password/],
    [`http://good.example:443@127.0.0.1:${port}/v1`, /user name or password/],
    ['https://good.example%40evil.example/v1', /mistaken|not a valid address/],
    [`http://127.0.0.1:${port}\\@good.example/v1`, /backslash/],
    [`http:\\\\127.0.0.1:${port}/v1`, /backslash/],
    [`http:/\\127.0.0.1:${port}/v1`, /backslash/],
    [`//127.0.0.1:${port}/v1`, /does not begin with/],
    [`http:/127.0.0.1:${port}/v1`, /does not begin with/],
    [`http:127.0.0.1:${port}/v1`, /does not begin with/],
    [`http:///127.0.0.1:${port}/v1`, /does not begin with/],
    [`127.0.0.1:${port}/v1`, /does not begin with/],
    ['file:///etc/passwd', /does not begin with/],
    ['ftp://evil.example/v1', /does not begin with/],
    ['javascript:alert(1)', /does not begin with/],
    ['data:text/plain,x', /does not begin with/],
    [`ws://127.0.0.1:${port}/v1`, /does not begin with/],
    [`http://localhost.:${port}/v1`, /dot at its end/],
    ['https://api.openai.com./v1', /dot at its end/],
    ['https://аpple.example/v1', /mistaken for others/],
    ['https://xn--pple-43d.example/v1', /mistaken for others/],
    ['https://аpi.openai.com/v1', /mistaken for others/],
    [`http://127。0。0。1:${port}/v1`, /mistaken for others/],
    [`http://①27.0.0.1:${port}/v1`, /mistaken for others/],
    [`http://%31%32%37.0.0.1:${port}/v1`, /mistaken for others/],
    [`http://loc\u00adalhost:${port}/v1`, /invisible/],
    [`http://127.0.0.1:${port}/v1\u202e`, /invisible/],
    [`http://127.0.0.1:${port}/\u200bv1`, /invisible/],
    [`http://127.0.0.1:${port} .good.example/v1`, /spaces/],
    [`http://127.0.0\n.1:${port}/v1`, /spaces/],
    [`http://127.0.\t0.1:${port}/v1`, /spaces/],
    [`http://127.0.0.1:${port}?.good.example/v1`, /query or a fragment/],
    [`http://127.0.0.1:${port}/v1?key=x`, /query or a fragment/],
    [`http://127.0.0.1:${port}#.good.example/v1`, /query or a fragment/],
    ['https://good.example:99999/v1', /not a valid address/],
    ['https://[::1/v1', /not a valid address/],
    ['', /empty/],
  ];

  it('is refused by the box of Add Endpoint, with the reason', async () => {
    const kinds = ['OpenAI-compatible', 'OpenAI Responses', 'Azure OpenAI', 'Anthropic', 'Ollama'];
    for (const kind of kinds) {
      const box = await addressBox(kind);
      assert.equal(
        await box.validateInput(`http://127.0.0.1:${server.port}/v1`),
        undefined,
        `${kind}: a good one passes`,
      );
      for (const [address, reason] of misleading(server.port)) {
        assert.match(String(await box.validateInput(address)), reason, `${kind}: ${address}`);
      }
    }
  });

  it('does not leave a real box of VS Code by Enter', async () => {
    const { showInputBox } = vscode.window;
    const enter = async (address: string): Promise<string | undefined> => {
      let value: string | undefined;
      let ended = false;
      const adding = addingWith('OpenAI-compatible', async (options) => {
        value = await showInputBox({ ...options, value: address });
        ended = true;
        return undefined;
      });
      // The box needs a moment to appear and to be checked; Enter is pressed until it ends, or a while in vain.
      for (let tries = 0; !ended && tries < 8; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await vscode.commands.executeCommand('quickInput.accept');
      }
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await adding;
      return value;
    };
    const good = `http://127.0.0.1:${server.port}/v1`;
    assert.equal(await enter(good), good, 'Enter reaches the box');
    for (const address of [
      `http://good.example@127.0.0.1:${server.port}/v1`,
      'https://аpi.openai.com/v1',
      '//evil.example',
    ]) {
      assert.equal(await enter(address), undefined, address);
    }
  }).timeout(60_000);

  it('of a workspace is refused by the box of Add Endpoint too', async () => {
    const box = await addressBox('Databricks workspace');
    assert.equal(await box.validateInput('https://dbc-a1b2c3d4-e5f6.cloud.databricks.com/?o=1'), undefined);
    for (const [address, reason] of [
      ['https://dbc-1.cloud.databricks.com@evil.example', /user name or password/],
      ['dbc-1.cloud.databricks.com@evil.example', /user name or password/],
      ['https://evil.example\\.cloud.databricks.com', /backslash/],
      ['//dbc-1.cloud.databricks.com', /does not begin with/],
      ['file:///etc/databrickscfg', /does not begin with/],
      ['https://dbc-1.cloud.databricks.com.', /dot at its end/],
      ['https://dbc-1.cloud.dаtabricks.com', /mistaken for others/],
      ['https://xn--dbc-1.cloud.databricks.com', /mistaken for others/],
      ['http://dbc-1.cloud.databricks.com', /unencrypted/],
      ['https://169.254.169.254', /credentials/],
      ['https://metadata.google.internal', /credentials/],
      ['https://accounts.cloud.databricks.com', /account console/],
      ['', /empty|does not begin with/],
    ] as const) {
      assert.match(String(await box.validateInput(address)), reason, address);
    }
  });

  /** Of a workspace's address all but the host is dropped, and a bare host is one; so these mislead nobody there. */
  const inThePath = /[?#\u202e\u200b]|^127/;

  it('that was written into the settings by hand is a problem with its reason, and nothing is sent', async () => {
    const { testing } = await tierwise();
    await selectPrompt();
    for (const [protocol, addresses] of [
      ['openai', misleading(server.port)],
      ['databricks', misleading(server.port).filter(([address]) => !inThePath.test(address))],
    ] as const) {
      for (const [address, reason] of addresses) {
        await withSetting('tierwise.endpoints', [endpointAt('bad', protocol, address)], async () => {
          assert.deepEqual(await testing.endpointIds(), [], address);
          const asked = await watchingFetch(async () => {
            const said = words(await command('runPrompt'));
            if (address !== '') assert.match(said, /\[0\]\.baseUrl: /, address);
            assert.match(said, reason, address);
          });
          assert.deepEqual(asked, [], address);
        });
      }
    }
    assert.equal(server.connections, 0);
  }).timeout(120_000);
});

describe('Attack 8, an address beyond this machine in the clear, or one that hands out credentials:', () => {
  afterEach(closeEditors);

  const doubtful: [string, RegExp][] = [
    ['http://192.0.2.1/v1', /unencrypted/],
    ['http://models.example:8000/v1', /unencrypted/],
    ['http://[2001:db8::1]/v1', /unencrypted/],
    ['http://[::ffff:192.0.2.1]/v1', /unencrypted/],
    ['http://0.0.0.0:11434/v1', /unencrypted/],
    ['http://127.0.0.1.evil.example/v1', /unencrypted/],
    ['http://localhost.evil.example/v1', /unencrypted/],
    ['http://169.254.169.254/latest', /unencrypted[\s\S]*credentials/],
    ['https://169.254.169.254/v1', /credentials/],
    ['https://169.254.10.20/v1', /credentials/],
    ['https://2852039166/v1', /credentials/],
    ['https://0xa9fea9fe/v1', /credentials/],
    ['https://0251.0376.0251.0376/v1', /credentials/],
    ['https://[::ffff:169.254.169.254]/v1', /credentials/],
    ['https://[::ffff:a9fe:a9fe]/v1', /credentials/],
    ['https://[64:ff9b::a9fe:a9fe]/v1', /credentials/],
    ['https://[2002:a9fe:a9fe::1]/v1', /credentials/],
    ['https://[fe80::1]/v1', /credentials/],
    ['https://[fd00:ec2::254]/v1', /credentials/],
    ['https://100.100.100.200/v1', /credentials/],
    ['https://168.63.129.16/v1', /credentials/],
    ['https://metadata.google.internal/v1', /credentials/],
    ['https://METADATA.google.internal/v1', /credentials/],
    ['https://metadata/v1', /credentials/],
    ['https://instance-data/v1', /credentials/],
  ];

  it('is asked about before a prompt is sent; dismissed, nothing is', async () => {
    await selectPrompt();
    for (const [address, reason] of doubtful) {
      await withSetting('tierwise.endpoints', [endpointAt('doubtful', 'openai', address)], async () => {
        const requests = await watchingFetch(async () => {
          const asked = await command('runPrompt');
          assert.equal(asked.length, 1, address);
          assert.equal(asked[0]?.text, `Use ${new URL(address).origin}?`);
          assert.match(asked[0]?.detail ?? '', reason, address);
        });
        assert.deepEqual(requests, [], address);
      });
    }
  }).timeout(120_000);

  it('is asked about before a benchmark begins; dismissed, there is no run', async () => {
    for (const address of [
      'http://192.0.2.1/v1',
      'https://169.254.169.254/v1',
      'https://metadata.google.internal/v1',
    ]) {
      const before = await runFolders();
      await withSetting('tierwise.endpoints', [endpointAt('doubtful', 'openai', address)], async () => {
        assert.match(words(await benchmark(['doubtful/first'])), /Use https?:/);
      });
      assert.deepEqual(await runFolders(), before, address);
    }
  }).timeout(60_000);

  it('is asked about when it is added; dismissed, nothing is sent and nothing saved', async () => {
    for (const [address, reason] of doubtful) {
      const requests = await watchingFetch(async () => {
        const asked = await command('addEndpoint', {
          showQuickPick: () => 'OpenAI-compatible',
          showInputBox: () => address,
        });
        assert.match(asked.at(-1)?.detail ?? '', reason, address);
      });
      assert.deepEqual(requests, [], address);
    }
    const settings = vscode.workspace.getConfiguration('tierwise');
    assert.deepEqual(settings.inspect('endpoints')?.globalValue ?? [], []);
  });

  it('is used once the person agrees, and only that one', () =>
    withSetting('tierwise.endpoints', [endpointAt('doubtful', 'openai', 'http://192.0.2.77/v1')], async () => {
      const agreeing = await watchingFetch(async () => {
        await runPrompt({ showWarningMessage: () => 'Use This Address' });
      });
      assert.deepEqual(agreeing, ['http://192.0.2.77/v1/chat/completions']);
      await closeEditors();
      const again = await watchingFetch(async () => {
        assert.doesNotMatch(words(await runPrompt()), /^Use /, 'it is not asked about twice');
      });
      assert.equal(again.length, 1);
      const settings = vscode.workspace.getConfiguration();
      const elsewhere = [endpointAt('doubtful', 'openai', 'http://192.0.2.77:81/v1')];
      await settings.update('tierwise.endpoints', elsewhere, vscode.ConfigurationTarget.Global);
      await closeEditors();
      const other = await watchingFetch(async () => {
        assert.match(words(await runPrompt()), /^Use http:\/\/192\.0\.2\.77:81\?/);
      });
      assert.deepEqual(other, []);
    }));

  it('on this machine is used without a question', async () => {
    const server = await startRecorder();
    for (const host of ['127.0.0.1', 'localhost']) {
      server.forget();
      await withSetting(
        'tierwise.endpoints',
        [endpointAt('here', 'openai', `http://${host}:${server.port}/v1`)],
        async () => {
          assert.deepEqual(await runPrompt(), []);
          await until('the request', () => server.requests.length > 0);
          await closeEditors();
        },
      );
    }
    server.stop();
  });
});
