import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Editor, openEditor } from './editor.ts';
import { packageExtension } from './package-extension.ts';

const folder = join(import.meta.dirname, '..', 'host', 'workspace');
let editor: Editor;

beforeAll(async () => {
  editor = await openEditor({ vsixPath: await packageExtension(), folder });
});
afterAll(async () => {
  await editor?.close();
});

it('opens with the extension installed and its commands in the palette', async () => {
  const commands = await editor.commands('Tierwise: ');

  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) expect(command).toMatch(/^Tierwise: /);
});

it('starts without an error in the browser', () => {
  expect(editor.consoleErrors()).toEqual([]);
});
