import type { Locator, Page } from 'playwright-core';
import { until } from './until.ts';

/** How long one look at a list lasts before it is opened anew: a list is complete only when all extensions are known. */
const LOOK_MS = 1_500;

/** The one widget in which VS Code asks: palette, file search, pickers and input boxes. */
export class QuickInput {
  readonly #page: Page;
  /** The whole widget. */
  readonly widget: Locator;
  /** Its text field. */
  readonly field: Locator;
  /** The rows that are visible now; a long list has more, which come by scrolling or filtering. */
  readonly rows: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.widget = page.locator('.quick-input-widget:visible');
    this.field = this.widget.locator('input.input');
    this.rows = this.widget.locator('.quick-input-list .monaco-list-row');
  }

  /** The row with exactly this label. */
  row(label: string): Locator {
    const name = this.#page.locator('.quick-input-list-row:first-child .label-name').getByText(label, { exact: true });
    return this.rows.filter({ has: name }).first();
  }

  /** The labels of the visible rows, from the top. */
  async labels(): Promise<readonly string[]> {
    return this.rows.locator('.quick-input-list-row:first-child .label-name').allInnerTexts();
  }

  /** What is asked: title, prompt and placeholder, whichever there are, one per line. */
  async question(): Promise<string> {
    // It may close meanwhile.
    const soon = { timeout: LOOK_MS };
    const title = await this.widget.locator('.quick-input-title').textContent(soon);
    const prompt = await this.widget.locator('.quick-input-message').textContent(soon);
    const placeholder = await this.field.getAttribute('placeholder', soon);
    return [title, prompt, placeholder]
      .map((text) => (text ?? '').trim())
      .filter(Boolean)
      .join('\n');
  }

  /** Waits for a picker that offers `label`, and picks it. */
  async choose(label: string): Promise<void> {
    await this.row(label).click();
  }

  /** Waits for an input box whose question contains `question`, types `text`, and accepts; resolves when that is taken. */
  async answer(question: string, text: string): Promise<void> {
    await until(`a question with "${question}"`, async () => (await this.question()).includes(question));
    await this.field.fill(text);
    await this.field.press('Enter');
    // The extension checks it first, elsewhere.
    await until(
      `"${question}" answered`,
      async () => !(await this.widget.isVisible()) || !(await this.question()).includes(question),
    );
  }

  /** Leaves without an answer. */
  async cancel(): Promise<void> {
    // It may close by itself meanwhile.
    await this.field.press('Escape', { timeout: LOOK_MS }).catch(() => {});
    await this.widget.waitFor({ state: 'hidden' });
  }

  /** Opens a list by `key`, types `text`, and accepts the row labelled `label`. */
  async pick(key: string, text: string, label: string): Promise<void> {
    const row = this.row(label);
    await this.search(key, text, row);
    const list = this.widget.locator(`[aria-label="${await this.field.getAttribute('aria-label')}"]`).first();
    // The first match is chosen already, as a person sees, unless an earlier choice of theirs ranks before it.
    if ((await row.getAttribute('class'))?.split(' ').includes('focused')) await this.field.press('Enter');
    else {
      // Where the mouse rests by chance, a row may show a hover that covers this one.
      await this.#page.mouse.move(0, 0);
      await row.click();
    }
    // Closed, or on to the next question.
    await list.waitFor({ state: 'hidden' });
  }

  /** Opens a list by `key`, types `text`, and waits for a row. */
  async search(key: string, text: string, row: Locator): Promise<void> {
    await until(`a row for "${text}"`, async () => {
      await this.open(key, text);
      await row.waitFor({ timeout: LOOK_MS });
      return true;
    });
  }

  /** Opens the widget by `key` and types `text`. */
  async open(key: string, text: string): Promise<void> {
    if (await this.widget.isVisible()) await this.cancel();
    await this.#page.keyboard.press(key);
    await this.field.waitFor();
    await this.#page.keyboard.insertText(text);
  }
}
