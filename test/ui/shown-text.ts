import type { Locator } from 'playwright-core';

/** What a person reads there, once it is on the screen: without what is hidden, with the lines as they are broken. */
export async function shownText(locator: Locator): Promise<string> {
  await locator.first().waitFor();
  return (await locator.allInnerTexts()).join('\n');
}
