/** Every command of the extension, as package.json contributes it. */
export const commandIds = [
  'tierwise.explain',
  'tierwise.recommend',
  'tierwise.runPrompt',
  'tierwise.benchmarkSelection',
  'tierwise.benchmarkDataset',
  'tierwise.openReport',
  'tierwise.exportReport',
  'tierwise.resumeRun',
  'tierwise.cancelRun',
  'tierwise.deleteRun',
  'tierwise.addEndpoint',
  'tierwise.setApiKey',
  'tierwise.removeApiKey',
  'tierwise.removeEndpoint',
  'tierwise.startSimulated',
  'tierwise.stopSimulated',
  'tierwise.openSample',
  'tierwise.openSettings',
  'tierwise.showLog',
] as const;

export type CommandId = (typeof commandIds)[number];
