import {
  type Button,
  type Checkbox,
  type Dropdown,
  provideVSCodeDesignSystem,
  type TextField,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

/** The only file that knows the component library, so that another one can take its place. */
provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeTextField(),
);

/** A push button; `spoken` is its accessible name where the visible one is too short. */
export function button(
  label: string,
  press: () => void,
  options: { primary?: boolean; spoken?: string } = {},
): HTMLElement {
  const element = document.createElement('vscode-button') as Button;
  element.setAttribute('appearance', options.primary ? 'primary' : 'secondary');
  element.textContent = label;
  if (options.spoken !== undefined) element.setAttribute('aria-label', options.spoken);
  element.addEventListener('click', press);
  return element;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A list to choose one of. A `<label>` does not name this component: its name is an `aria-label`. */
export function dropdown(
  name: string,
  choices: readonly Choice[],
  value: string,
  change: (value: string) => void,
): HTMLElement {
  const element = document.createElement('vscode-dropdown') as Dropdown;
  element.setAttribute('aria-label', name);
  for (const choice of choices) {
    const option = document.createElement('vscode-option');
    option.setAttribute('value', choice.value);
    if (choice.value === value) option.setAttribute('selected', '');
    option.textContent = choice.label;
    element.append(option);
  }
  element.addEventListener('change', () => change(element.value));
  return element;
}

/** One line to type in; `type` is called at every keystroke. */
export function textField(name: string, value: string, type: (value: string) => void): HTMLElement {
  const element = document.createElement('vscode-text-field') as TextField;
  // The component calls itself "Text field" when it enters the page; its name is given after that.
  queueMicrotask(() => element.setAttribute('aria-label', name));
  element.setAttribute('placeholder', name);
  element.setAttribute('value', value);
  element.addEventListener('input', () => type(element.value));
  return element;
}

export function checkbox(label: string, checked: boolean, change: (checked: boolean) => void): HTMLElement {
  const element = document.createElement('vscode-checkbox') as Checkbox;
  element.textContent = label;
  element.setAttribute('aria-label', label);
  if (checked) element.setAttribute('checked', '');
  element.addEventListener('change', () => change(element.checked));
  return element;
}
