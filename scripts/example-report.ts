// Makes the reports in docs/ anew: `npm run example` the one of a real model, `npm run example -- simulated` those of the
// simulated endpoint, which need nothing but this project.
import { argv } from 'node:process';

if (argv.includes('simulated')) await import('./example-simulated.ts');
else await import('./example-llama.ts');
