import Mocha from 'mocha';
import { print } from './print.ts';

Mocha.reporters.Base.consoleLog = print;

/** The one runner of the suite. From here on `describe` and `it`, imported from mocha, add to it. */
export const mocha = new Mocha({ reporter: 'spec', color: false, timeout: 60_000 });
mocha.suite.emit('pre-require', globalThis, '', mocha);
// Some tests only, by their names: bench/host.ts runs those that print a figure.
if (process.env.TIERWISE_GREP) mocha.grep(new RegExp(process.env.TIERWISE_GREP));
