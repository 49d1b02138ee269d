import Mocha from 'mocha';
import { print } from './print.ts';

Mocha.reporters.Base.consoleLog = print;

/** The one runner of the suite. From here on `describe` and `it`, imported from mocha, add to it. */
export const mocha = new Mocha({ reporter: 'spec', color: false, timeout: 60_000 });
mocha.suite.emit('pre-require', globalThis, '', mocha);
