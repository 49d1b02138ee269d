import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { print } from './print.ts';

const ID = 'tierwise.tierwise';

describe('The host', () => {
  it('is a real VS Code 1.139', function () {
    if (process.env.TIERWISE_VSCODE) this.skip(); // Any version that was asked for.
    assert.match(vscode.version, /^1\.139\./);
  });

  it('finds the extension and activates it', async () => {
    const extension = vscode.extensions.getExtension(ID);
    assert.ok(extension, `${ID} is not among the extensions`);
    await extension.activate();
    assert.equal(extension.isActive, true);
    print(`    activation: ${extension.exports.testing.activationMs.toFixed(1)} ms`);
    // Nothing is open that could ask for anything yet.
    assert.equal(extension.exports.testing.isLoaded(), false, 'activation did more than register');
  });
});
