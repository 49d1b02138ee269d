import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launchBrowser } from '../test/browser.ts';

/** A part of a report's page, in a window of a width, and the file to which its picture goes, without `-light.png` or `-dark.png`. */
export interface ReportPart {
  /** CSS. */
  readonly selector: string;
  readonly file: string;
  /** px */
  readonly width: number;
}

/** Around a part, px. */
const margin = 8;

/** Takes pictures of parts of a report's page, as the page shows them to a reader in each colour scheme. */
export async function takeParts(html: string, parts: readonly ReportPart[]): Promise<void> {
  const browser = await launchBrowser();
  try {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ colorScheme });
      await page.goto(pathToFileURL(html).href);
      for (const { selector, file, width } of parts) {
        await page.setViewportSize({ width, height: 1000 });
        const box = await page.locator(selector).first().boundingBox();
        if (!box) throw new Error(`${html} shows nothing at ${selector}.`);
        const clip = { x: 0, y: box.y - margin, width, height: box.height + 2 * margin };
        await page.screenshot({ path: `${file}-${colorScheme}.png`, clip, fullPage: true });
      }
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

/** The top of a report's page in both schemes, and the whole of it, for whoever changes its looks. */
export async function takePage(
  html: string,
  { top, out }: { readonly top: string; readonly out: string },
): Promise<void> {
  const browser = await launchBrowser();
  try {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 1000 } });
      await page.goto(pathToFileURL(html).href);
      await page.screenshot({ path: colorScheme === 'light' ? top : join(out, 'example-report-dark.png') });
      await page.screenshot({ path: join(out, `example-report-${colorScheme}-whole.png`), fullPage: true });
    }
  } finally {
    await browser.close();
  }
}
