import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Prepared, prepare } from './python.ts';

/** OpenTelemetry's protocol buffers and names, and a reader of JUnit XML. */
export function prepareReaders(): Promise<Prepared> {
  return prepare({
    name: 'readers',
    installs: [['opentelemetry-proto==1.45.2', 'opentelemetry-semantic-conventions==0.66b2', 'junitparser==5.0.3']],
    limitMs: 120_000,
  });
}

/** What they make of files: see readers.py. */
export function readFiles(bin: string, paths: readonly [otel: string, junit: string, csv: string]): any {
  const args = [join(import.meta.dirname, 'readers.py'), ...paths];
  return JSON.parse(execFileSync(join(bin, 'python'), args, { maxBuffer: 100e6 }).toString());
}
