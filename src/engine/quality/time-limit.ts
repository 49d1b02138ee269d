import { createContext, Script } from 'node:vm';

const script = new Script('work()');
const globals: { work?: () => void } = {};
const context = createContext(globals);

/** ms that a stranger's pattern may take on one answer. */
export const patternLimitMs = 200;

/**
 * Does synchronous work and stops it after `ms`; undefined: it was stopped. This is a watch, not a wall: the work is our own
 * code, and only how long it takes is a stranger's doing (a pattern that backtracks for ever). What it throws goes through.
 */
export function withTimeLimit<T>(ms: number, work: () => T): { readonly value: T } | undefined {
  let done: { readonly value: T } | undefined;
  globals.work = () => {
    done = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: ms });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return undefined;
  } finally {
    delete globals.work;
  }
  return done;
}
