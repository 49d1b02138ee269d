import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Endpoint, type EndpointOptions, startEndpoint } from './endpoint.ts';
import { buildMeasureProcess, makeFolder } from './run.ts';

/** What tests of the real measuring process need: its script, a new folder for each test, endpoints that end with it. */
export class Bench {
  entry = '';
  /** A folder that exists, and the run's folder in it, which does not. */
  folder = '';
  runDir = '';
  readonly #endpoints: Endpoint[] = [];

  constructor() {
    const built = makeFolder();
    let folder: ReturnType<typeof makeFolder>;
    beforeAll(async () => {
      this.entry = await buildMeasureProcess(built.dir);
    }, 60_000);
    afterAll(() => built.remove());
    beforeEach(() => {
      folder = makeFolder();
      this.folder = folder.dir;
      this.runDir = join(folder.dir, 'run');
    });
    afterEach(async () => {
      await Promise.all(this.#endpoints.splice(0).map((endpoint) => endpoint.close()));
      folder.remove();
    });
  }

  async serve(options?: EndpointOptions): Promise<Endpoint> {
    const endpoint = await startEndpoint(options);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  /** The process that holds the run. */
  measuringPid(): number {
    return JSON.parse(readFileSync(join(this.runDir, 'lock'), 'utf8')).pid;
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}
