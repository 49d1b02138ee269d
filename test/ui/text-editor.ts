import type { Locator, Page } from 'playwright-core';
import type { QuickInput } from './quick-input.ts';
import { until } from './until.ts';

/** Where something is on the page, in CSS pixels. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The text editor of the active tab. */
export class TextEditor {
  readonly #page: Page;
  readonly #quickInput: QuickInput;
  /** Its root element. */
  readonly root: Locator;
  /** The visible hover, if any. */
  readonly hover: Locator;

  constructor(page: Page, quickInput: QuickInput) {
    this.#page = page;
    this.#quickInput = quickInput;
    this.root = page.locator('.part.editor .editor-group-container.active .editor-instance .monaco-editor').first();
    this.hover = page.locator('.monaco-resizable-hover:visible .monaco-hover:not(.hidden)');
  }

  /** Puts the cursor at the beginning of a line, numbered from 1, and brings it into view. */
  async goToLine(line: number): Promise<void> {
    await this.#quickInput.open('Control+G', String(line));
    await this.#quickInput.field.press('Enter');
    await this.#quickInput.widget.waitFor({ state: 'hidden' });
    await this.root.locator('.line-numbers.active-line-number').getByText(String(line), { exact: true }).waitFor();
  }

  /**
   * Rests the mouse on `text` in a line until a hover has been shown in full.
   * @returns the hover.
   */
  async hoverAt(line: number, text: string): Promise<Locator> {
    await this.goToLine(line);
    let attempts = 0;
    return until(`a hover on "${text}" in line ${line}`, async () => {
      const { x, y, width, height } = await this.#boxOf(line, text);
      // Seen twice, cause unknown: no hover in this editor until it has been clicked. A person would click, too.
      if (attempts++ > 0) await this.#page.mouse.click(x + width / 2, y + height / 2);
      await this.#page.mouse.move(0, 0);
      await this.#page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
      await this.hover.waitFor({ timeout: 3_000 });
      await this.hover.getByText('Loading...', { exact: true }).waitFor({ state: 'hidden' });
      return this.hover;
    });
  }

  /** Selects `text` in a line by dragging the mouse over it. */
  async select(line: number, text: string): Promise<void> {
    await this.goToLine(line);
    const { x, y, width, height } = await this.#boxOf(line, text);
    await this.#page.mouse.move(x, y + height / 2);
    await this.#page.mouse.down();
    await this.#page.mouse.move(x + width, y + height / 2, { steps: 4 });
    await this.#page.mouse.up();
    await this.#page
      .locator('.statusbar-item[id="status.editor.selection"]')
      .getByText(`(${text.length} selected)`)
      .waitFor();
  }

  /** The code lens with this text. */
  codeLens(text: string | RegExp): Locator {
    return this.root.locator('.codelens-decoration a').filter({ hasText: text }).first();
  }

  /** The place of `text` in a line, which may be wrapped, once it is in view. */
  async #boxOf(line: number, text: string): Promise<Box> {
    return until(`"${text}" in line ${line}`, () => this.root.evaluate(findInLine, { line, text }), 10_000);
  }
}

/** Runs in the page. Lines are recognised by their numbers in the margin, because the editor draws visible lines only. */
function findInLine(editor: any, { line, text }: { line: number; text: string }): Box | undefined {
  const numbers: any[] = [...editor.querySelectorAll('.margin .line-numbers')];
  const top = (number: number) =>
    numbers.find((element) => element.textContent.trim() === String(number))?.getBoundingClientRect().top;
  const from = top(line);
  if (from === undefined) return undefined;
  const to = top(line + 1) ?? Number.POSITIVE_INFINITY;
  for (const drawn of editor.querySelectorAll('.view-line')) {
    const middle = drawn.getBoundingClientRect().top + drawn.getBoundingClientRect().height / 2;
    if (middle < from || middle > to) continue;
    // The editor shows spaces as no-break spaces, and cuts a line into pieces of one colour each.
    const at = drawn.textContent.replaceAll('\u00a0', ' ').indexOf(text);
    if (at < 0) continue;
    const document = editor.ownerDocument;
    const range = document.createRange();
    const walker = document.createTreeWalker(drawn, 4);
    let passed = 0;
    for (let node = walker.nextNode(); node; passed += node.length, node = walker.nextNode()) {
      if (passed <= at && at < passed + node.length) range.setStart(node, at - passed);
      if (passed < at + text.length && at + text.length <= passed + node.length) {
        range.setEnd(node, at + text.length - passed);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x, y, width, height };
      }
    }
  }
  return undefined;
}
