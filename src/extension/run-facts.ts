import { statSync } from 'node:fs';
import { checkGateModels, evaluateGates, type Gate, type GateResult, parseGate } from '../core/benchmark/gates.ts';
import type { Manifest } from '../core/benchmark/manifest.ts';
import type { Summary } from '../core/benchmark/summary.ts';
import { modelRef } from '../core/catalog/lookup.ts';
import { Failure } from '../core/failure.ts';
import { readSummary, runPaths } from '../engine/benchmark/run-folder.ts';

/** What the list of runs tells of a run's figures. */
export interface RunFacts {
  /** Why the run is not valid. */
  readonly invalid: string | undefined;
  /** Of the models whose answers were evaluated; scores in [0,1]. */
  readonly quality: readonly { readonly model: string; readonly score: number }[];
  /** Of a search: the highest rate at which each model kept the SLO, requests per second; undefined: none. */
  readonly capacity: readonly { readonly model: string; readonly perSecond: number | undefined }[];
  /** How a complete run keeps the gates of the settings that are about it. */
  readonly gates: readonly GateResult[];
  /** What is wrong with gates of the settings. */
  readonly gateProblems: readonly string[];
}

/** A summary as it was at a time: the view asks for it at each change, several times a second while a run is measured. */
const read = new Map<string, { readonly at: number; readonly summary: Summary | undefined }>();

/** Facts of a stored run; undefined: it has no summary, or a damaged one. */
export function factsOf(folder: string, manifest: Manifest, gates: readonly string[]): RunFacts | undefined {
  const summary = summaryOf(folder);
  if (!summary) return undefined;
  const { parsed, problems } = parsedGates(gates);
  const { models } = manifest.plan;
  const about = manifest.state === 'complete' ? parsed.filter((gate) => isAbout(gate, manifest)) : [];
  const ref = ({ endpoint, model }: { endpoint: string; model: string }) => modelRef(endpoint, model);
  return {
    invalid: summary.invalid,
    quality: summary.models.flatMap((model) =>
      model.quality ? [{ model: ref(model), score: model.quality.score }] : [],
    ),
    capacity: (summary.capacity ?? []).flatMap(({ model, perSecond }) => {
      const planned = models[model];
      return planned ? [{ model: ref(planned), perSecond }] : [];
    }),
    gates: evaluateGates(about, summary),
    gateProblems: problems,
  };
}

/** The gates that can be read, and what is wrong with the others. */
export function parsedGates(texts: readonly string[]): { parsed: Gate[]; problems: string[] } {
  const parsed: Gate[] = [];
  const problems: string[] = [];
  for (const text of texts) {
    try {
      parsed.push(parseGate(text));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push(`tierwise.benchmark.gates: ${error.message}`);
    }
  }
  return { parsed, problems };
}

/** A gate that names a model is about the runs that have it. */
function isAbout(gate: Gate, { plan }: Manifest): boolean {
  try {
    checkGateModels([gate], plan.models);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

function summaryOf(folder: string): Summary | undefined {
  const at = statSync(runPaths(folder).summary, { throwIfNoEntry: false })?.mtimeMs;
  if (at === undefined) return undefined;
  const known = read.get(folder);
  if (known?.at === at) return known.summary;
  let summary: Summary | undefined;
  try {
    summary = readSummary(folder);
  } catch (error) {
    // The report is made of the records, and says what is wrong.
    if (!(error instanceof Failure)) throw error;
  }
  read.set(folder, { at, summary });
  return summary;
}
