// How long a run of 1,000,000 requests takes to summarise and to report, and in how much memory.
//   node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/summary.ts [records]
// Each part runs in a process of its own over the same folder. Reference: the lines of records.jsonl read by Node's own line reader
// and parsed with JSON.parse, nothing kept; the ratio is of CPU time, as a shared machine's wall varies. Exits 1 when the summary takes
// 10 s or more of CPU, or 500 MB or more.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packTimes } from '../src/core/benchmark/chunk-times.ts';
import type { RunRecord } from '../src/core/benchmark/record.ts';
import { summarise } from '../src/core/benchmark/summarise.ts';
import { reportParts } from '../src/core/report/formats.ts';
import { seededRandom } from '../src/core/stats/random.ts';
import { openRun, readManifest, readPrompts, readRecords, runPaths } from '../src/engine/benchmark/run-folder.ts';
import { sampleRun } from '../test/sample-run.ts';

const LIMITS = { seconds: 10, megabytes: 500 };
const chunks = 64;

/** Requests as a real run stores them: two models, chunk times of 64 tokens, an answer of a few hundred characters. */
function generate(dir: string, count: number): void {
  const { manifest, prompts, records } = sampleRun({
    models: ['small', 'large'],
    requests: 8,
    warmup: 0,
    errorShare: 0.1,
  });
  const samples = [...records];
  const random = seededRandom(7);
  const paths = runPaths(dir);
  writeFileSync(paths.manifest, JSON.stringify({ ...manifest, plan: { ...manifest.plan, requests: count / 2 } }));
  writeFileSync(paths.prompts, prompts.map((prompt) => `${JSON.stringify(prompt)}\n`).join(''));
  const start = Date.parse(manifest.startedAt);
  const file = openSync(paths.records, 'w');
  let pending: string[] = [];
  for (let index = 0; index < count; index++) {
    const sample = samples[index % samples.length] as RunRecord;
    const common = {
      id: `${manifest.runId}.${String(index + 1).padStart(7, '0')}`,
      scheduledAt: new Date(start + index * 3).toISOString(),
    };
    let record: RunRecord = { ...sample, ...common };
    if (sample.status === 'ok') {
      const sent = hundredths(random());
      const firstToken = hundredths(sent + 150 * Math.exp(0.4 * (random() + random() + random() - 1.5)));
      const at = [firstToken];
      while (at.length < chunks) at.push(hundredths((at.at(-1) ?? 0) + 5 + 10 * random()));
      const lastToken = at.at(-1) ?? firstToken;
      const end = hundredths(lastToken + 1.2);
      const headers = hundredths(firstToken - 4);
      const times = {
        sent,
        headers,
        firstEvent: headers,
        firstToken,
        firstVisible: firstToken,
        lastToken,
        lastChoice: end,
        end,
      };
      const answer = 'A sentence of an answer that was kept. '.repeat(8);
      record = { ...record, times, attempts: [{ times, status: 200 }], chunks, chunkTimes: packTimes(at), answer };
    }
    pending.push(JSON.stringify(record));
    if (pending.length === 2_000 || index === count - 1) {
      writeSync(file, `${pending.join('\n')}\n`);
      pending = [];
    }
  }
  closeSync(file);
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

const parts: Record<string, (dir: string) => unknown> = {
  async reference(dir) {
    let seen = 0;
    for await (const line of createInterface({ input: createReadStream(runPaths(dir).records) })) {
      if (typeof JSON.parse(line).id === 'string') seen++;
    }
    return seen;
  },
  summary(dir) {
    return summarise(readManifest(dir), readPrompts(dir), readRecords(dir)).totals.requests;
  },
  ...Object.fromEntries(
    (['html', 'md', 'csv', 'json', 'otel'] as const).map((format) => [
      format,
      async (dir: string) => {
        let length = 0;
        for (const part of reportParts(format, await openRun(dir))) length += part.length;
        return length;
      },
    ]),
  ),
};

interface Result {
  readonly seconds: number;
  /** Of the process, its collector's threads included. */
  readonly cpu: number;
  readonly megabytes: number;
  readonly made: number;
}

/** One part in a process of its own, so that its memory is its own. */
function measured(part: string, dir: string): Result {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, import.meta.filename, part, dir],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${part}: ${stderr}`);
  return JSON.parse(stdout) as Result;
}

const [first = '1000000', dir] = process.argv.slice(2);
if (dir !== undefined) {
  const start = performance.now();
  const made = await parts[first]?.(dir);
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage();
  const cpu = (user + system) / 1e6;
  console.log(JSON.stringify({ seconds, cpu, megabytes: process.resourceUsage().maxRSS / 1_024, made }));
} else {
  const count = Number(first);
  const folder = mkdtempSync(join(tmpdir(), 'tierwise-summary-'));
  try {
    generate(folder, count);
    const bytes = statSync(runPaths(folder).records).size;
    console.log(`${count.toLocaleString('en')} requests, ${(bytes / 1e9).toFixed(2)} GB of records`);
    const reference = measured('reference', folder);
    for (const part of Object.keys(parts)) {
      const { seconds, cpu, megabytes, made } = part === 'reference' ? reference : measured(part, folder);
      const ratio = (cpu / reference.cpu).toFixed(2);
      const size = part === 'reference' || part === 'summary' ? '' : `  ${(made / 1e6).toFixed(1)} MB written`;
      console.log(
        `${part.padEnd(10)}${seconds.toFixed(2).padStart(8)} s  ${cpu.toFixed(2).padStart(7)} CPU s  ${megabytes.toFixed(0).padStart(5)} MB  ${ratio} × reference${size}`,
      );
      if (part === 'summary' && (cpu >= LIMITS.seconds || megabytes >= LIMITS.megabytes)) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
