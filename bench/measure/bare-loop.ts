// The reference of bench/measure.ts in a process of its own.
import { type BareTask, runBareLoop } from '../../src/engine/calibration/bare-loop.ts';

const result = await runBareLoop({ staggerMs: 4, ...(JSON.parse(process.argv[2] ?? '{}') as BareTask) });
process.send?.(result, () => process.disconnect());
