import { describe, it } from 'vitest';
import { describeWorkspace } from './databricks/suite.ts';
import { startWorkspace } from './databricks/workspace.ts';

/** The same suite against our stand-in, and against a real workspace where the environment names one. */
describeWorkspace('the stand-in for a Databricks workspace', async () => {
  const { host, token, stop } = await startWorkspace();
  return { env: { DATABRICKS_HOST: host, DATABRICKS_TOKEN: token }, stop };
});

if (process.env.DATABRICKS_HOST) {
  describeWorkspace('the Databricks workspace of the environment', async () => ({ env: process.env }));
} else {
  const skipped = 'skipped: no DATABRICKS_HOST in the environment';
  // Vitest does not print the name of a suite of which every test is skipped.
  console.log(skipped);
  describe.skip('the Databricks workspace of the environment', () => {
    it(skipped, () => {});
  });
}
