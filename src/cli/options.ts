import { Failure } from '../core/failure.ts';
import type { Terminal } from './terminal.ts';

/** A wrong use of the command line; main.ts adds what to type. */
export function wrongUse(message: string): Failure {
  return new Failure({ code: 'usage', message });
}

/** Reads a whole number in [least, most]. For commander's `argParser`. */
export function whole(name: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text.trim()) || value < least || value > most) {
      throw wrongUse(`${name} must be a whole number from ${least} to ${most}, not ${quoted(text)}.`);
    }
    return value;
  };
}

/** Reads a number above 0. */
export function positive(name: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || value <= 0) throw wrongUse(`${name} must be a number above 0, not ${quoted(text)}.`);
    return value;
  };
}

/** Reads a share above 0, up to 1. */
export function shareOf(name: string): (text: string) => number {
  return (text) => {
    const value = positive(name)(text);
    if (value > 1) throw wrongUse(`${name} must be a share, above 0 and at most 1, not ${quoted(text)}.`);
    return value;
  };
}

/** Reads one of a few words. */
export function oneOf<T extends string>(name: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw wrongUse(`${name} must be one of ${words.join(', ')}, not ${quoted(text)}.`);
    return found;
  };
}

/** What a person typed, short and without characters that would change how the line reads. */
export function quoted(text: string): string {
  return `"${text.replace(/\p{C}/gu, '?').slice(0, 60)}"`;
}

/** Refuses to wait for somebody to type where a file or a pipe was meant. */
export function askForInput(file: string, terminal: Pick<Terminal, 'inputIsKeyboard'>): void {
  if (file === '-' && terminal.inputIsKeyboard) throw wrongUse('Give a file, or pipe a prompt in.');
}
