import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { print } from './print.ts';
import { closeEditors, open, select, tierwise, until, untitled, withSetting } from './tierwise.ts';

/** Prints how long our part of the last hover took. */
async function report(what: string): Promise<void> {
  const { testing } = await tierwise();
  print(`    ${what}: ${testing.hoverMs()?.toFixed(1)} ms`);
}

/** What reading every character once costs here: the reference for the figures above. */
function reportPass(text: string): void {
  const start = performance.now();
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum += text.charCodeAt(at);
  print(`    one pass over 5 MB: ${(performance.now() - start).toFixed(1)} ms${sum > 0 ? '' : '!'}`);
}

/** The hover of Tierwise alone: it is the one with our command links. */
async function hovers(editor: vscode.TextEditor, position: vscode.Position): Promise<vscode.MarkdownString[]> {
  const found = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    editor.document.uri,
    position,
  );
  return found
    .flatMap(({ contents }) => contents as vscode.MarkdownString[])
    .filter(({ value }) => value.includes('command:tierwise.'));
}

async function hover(editor: vscode.TextEditor, position: vscode.Position): Promise<vscode.MarkdownString> {
  const [first, ...others] = await hovers(editor, position);
  assert.ok(first, 'there is no hover');
  assert.equal(others.length, 0);
  return first;
}

async function lenses(editor: vscode.TextEditor): Promise<vscode.CodeLens[]> {
  const found = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    'vscode.executeCodeLensProvider',
    editor.document.uri,
    100,
  );
  return found.filter((lens) => lens.command?.command === 'tierwise.explain');
}

const endpoint = {
  id: 'shop',
  protocol: 'openai',
  baseUrl: 'https://models.example/v1',
  models: [
    { id: 'tiny', inputPrice: 0.1, outputPrice: 0.4 },
    { id: 'huge', inputPrice: 5, outputPrice: 25 },
  ],
};

describe('Advice in the editor', () => {
  afterEach(closeEditors);
  after(() =>
    vscode.workspace.getConfiguration('tierwise').update('endpoints', undefined, vscode.ConfigurationTarget.Global),
  );

  it('hovers over a prompt file with tier, score, tokens, three factors and links', async () => {
    const editor = await open('prompts/review.prompt.md');
    const { value } = await hover(editor, new vscode.Position(4, 3));
    assert.match(value, /\*\*simple\*\* tier · complexity \*\*0\.\d+\*\*/);
    assert.match(value, /~\d+ tokens/);
    assert.match(value, /reasoning words/);
    assert.match(value, /No model is configured/);
    for (const command of ['explain', 'runPrompt', 'benchmarkSelection'])
      assert.ok(value.includes(`(command:tierwise.${command}?`));
    assert.equal((await hovers(editor, new vscode.Position(1, 1))).length, 0, 'front matter is not part of the prompt');
  });

  it('names the model and the cost range when models are configured', () =>
    withSetting('tierwise.endpoints', [endpoint], async () => {
      const editor = await open('prompts/review.prompt.md');
      const { value } = await hover(editor, new vscode.Position(4, 3));
      assert.match(value, /Send it to \*\*shop\/tiny\*\*/);
      assert.match(value, /\$0\.0\d+ to \$0\.0\d+ with an answer of \d+–\d+ tokens/);
    }));

  it('says that a cost is unknown instead of calling it nothing', () =>
    withSetting('tierwise.endpoints', [{ ...endpoint, models: [{ id: 'local' }] }], async () => {
      const { value } = await hover(await open('prompts/review.prompt.md'), new vscode.Position(4, 3));
      assert.match(value, /cost unknown: the model has no price/);
    }));

  it('hovers over a fenced prompt block, and not between blocks', async () => {
    const editor = await open('prompts/blocks.md');
    editor.selection = new vscode.Selection(0, 0, 0, 0);
    assert.match((await hover(editor, new vscode.Position(3, 5))).value, /\*\*simple\*\* tier/);
    assert.equal((await hovers(editor, new vscode.Position(6, 5))).length, 0);
  });

  it('hovers over the selection in any file, but not over a single selected name', async () => {
    const editor = await untitled('const x = 1;\n// Compare these two and explain why.\nrun(x);\n', 'javascript');
    assert.match((await hover(editor, select(editor, 'Compare these two and explain why.').start)).value, /2 of/);
    assert.equal((await hovers(editor, select(editor, 'const').start)).length, 0);
  });

  it('keeps links, images and HTML of a prompt out of the hover, and lists the commands that may run', async () => {
    const editor = await open('prompts/blocks.md');
    const markdown = await hover(editor, new vscode.Position(9, 5));
    assert.doesNotMatch(markdown.value, /workbench\.action\.quit|evil\.example|<img/);
    assert.deepEqual(markdown.isTrusted, {
      enabledCommands: [
        'tierwise.explain',
        'tierwise.runPrompt',
        'tierwise.benchmarkSelection',
        'tierwise.addEndpoint',
      ],
    });
    assert.notEqual(markdown.supportHtml, true);
  });

  it('keeps names from turning into Markdown, HTML or icons', () =>
    withSetting(
      'tierwise.endpoints',
      [{ ...endpoint, models: [{ id: '[x](command:workbench.action.quit) <b>`$(zap)' }] }],
      async () => {
        const editor = await open('prompts/review.prompt.md');
        const { value } = await hover(editor, new vscode.Position(4, 3));
        assert.doesNotMatch(value, /\[x\]\(command|<b>|\$\(zap\)/);
        const [lens] = await lenses(editor);
        assert.doesNotMatch(lens?.command?.title ?? '', /\$\(zap\)/);
        assert.match(lens?.command?.title ?? '', /shop/);
      },
    ));

  it('is silent when switched off', async () => {
    await withSetting('tierwise.hover.enabled', false, async () => {
      assert.equal((await hovers(await open('prompts/review.prompt.md'), new vscode.Position(4, 3))).length, 0);
    });
    await withSetting('tierwise.codeLens.enabled', false, async () => {
      assert.equal((await lenses(await open('prompts/blocks.md'))).length, 0);
    });
  });

  it('writes a lens with tier, score and model above each found prompt', async () => {
    const found = await lenses(await open('prompts/blocks.md'));
    assert.deepEqual(
      found.map((lens) => lens.range.start.line),
      [3, 9],
    );
    assert.match(found[0]?.command?.title ?? '', /simple · 0\.\d+ · no model configured/);
    assert.equal((await lenses(await open('prompts/questions.jsonl'))).length, 3);
  });

  it('answers hovers for 100,000 equal letters and for a file of 5 MB', async () => {
    const letters = await untitled('a'.repeat(100_000));
    letters.selection = new vscode.Selection(0, 0, 0, 100_000);
    assert.match((await hover(letters, new vscode.Position(0, 10))).value, /\*\*simple\*\* tier · complexity \*\*0\.3/);
    await report('first hover over 100,000 letters');
    for (let round = 0; round < 5; round++) {
      await letters.edit((edit) => edit.insert(new vscode.Position(0, 0), 'a'));
      letters.selection = new vscode.Selection(0, 0, 0, 100_000);
      await hover(letters, new vscode.Position(0, 10));
      await report('hover over 100,000 letters after a change');
    }
    await closeEditors();

    const line = `${'Compare <|endoftext|> the two designs and explain √x. '.repeat(20)}\n`;
    const big = await untitled(line.repeat(Math.ceil(5_000_000 / line.length)), 'prompt');
    assert.match((await hover(big, new vscode.Position(2, 5))).value, /tokens/);
    await report('first hover over 5 MB');
    for (let round = 0; round < 5; round++) {
      // A change makes everything found so far void; the hover comes before anything else has looked again.
      await big.edit((edit) => edit.insert(new vscode.Position(0, 0), 'Now '));
      await hover(big, new vscode.Position(3, 5));
      await report('hover over 5 MB after a change');
    }
    reportPass(big.document.getText());
  }).timeout(60_000);

  it('shows the tier of the selection in the status bar, else of the prompt at the cursor, else nothing', async () => {
    const { testing } = await tierwise();
    const editor = await open('prompts/blocks.md');
    editor.selection = new vscode.Selection(3, 2, 3, 2);
    await until('tier of the prompt', () => /simple · 0\.\d+/.test(testing.statusText() ?? ''));
    const before = testing.statusText();
    select(editor, 'Between them, text that is none.');
    await until('tier of the selection', () => testing.statusText() !== undefined && testing.statusText() !== before);
    editor.selection = new vscode.Selection(0, 0, 0, 0);
    await until('no tier', () => testing.statusText() === undefined);
    editor.selection = new vscode.Selection(3, 2, 3, 2);
    await until('tier again', () => testing.statusText() !== undefined);
    await withSetting('tierwise.statusBar.enabled', false, async () => {
      await until('switched off', () => testing.statusText() === undefined);
    });
  });
});
