// The built-in simulated endpoint in a process of its own, for bench/measure.ts: tells its address, and the truth on demand.
import { startSimulator } from '../../src/engine/simulator/server.ts';
import type { TruthEntry } from '../../src/engine/simulator/truth.ts';

const truth: TruthEntry[] = [];
let log = false;
let cpu = process.cpuUsage();
const simulator = await startSimulator({
  truth(entry) {
    if (log) truth.push(entry);
  },
});
process.on('message', (message) => {
  if (message === 'log') {
    log = true;
    truth.length = 0;
  } else if (message === 'truth') {
    process.send?.(truth.map(({ requestId, firstTokenMs, lastTokenMs }) => [requestId, firstTokenMs, lastTokenMs]));
  } else if (message === 'arrivals') {
    process.send?.(truth.map(({ requestId, receivedMs, endMs }) => [requestId, receivedMs, receivedMs + endMs]));
  } else if (message === 'cpu') {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    process.send?.((user + system) / 1e6);
  }
});
process.on('disconnect', () => process.exit());
process.send?.(simulator.baseUrl);
