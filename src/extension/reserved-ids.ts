/** Ids of the simulated endpoint and of VS Code's own models; no other endpoint may have them. */
export const simulatedId = 'simulated';
export const vscodeId = 'vscode';
