import type { GateResult } from '../benchmark/gates.ts';
import { plainText } from '../prompts/plain-text.ts';
import type { Outcome } from '../quality/outcome.ts';
import { escapeMarkup, type Markup, markup } from './markup.ts';
import { requestName, safeName } from './text.ts';
import type { Run } from './view.ts';

/** So many failed checks are listed, the first ones; all are counted. */
const MOST_CHECKS = 200;

/**
 * JUnit XML, which CI systems show: the gates of a run as one suite, a case for each gate and model; where answers were
 * checked, a second suite with a case for each check that failed. The dialect is the common core that Jenkins, GitLab and GitHub's
 * reporters read.
 */
export function toJUnit(run: Run, gates: readonly GateResult[]): string {
  const suites = [suite('Gates', run, gates.map(gateCase)), ...failedChecks(run)];
  const total = (pick: (one: Suite) => number) => suites.reduce((sum, one) => sum + pick(one), 0);
  const document = markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Tierwise" tests="${total((one) => one.tests)}" failures="${total((one) => one.failures)}" errors="0">
${suites.map(({ xml }) => xml)}</testsuites>
`;
  return document.markup.replace(FORBIDDEN, '');
}

interface Suite {
  readonly xml: Markup;
  readonly tests: number;
  readonly failures: number;
}

interface Case {
  readonly xml: Markup;
  readonly failed: boolean;
}

/** What XML 1.0 has no place for, even escaped, and `escapeMarkup` leaves: noncharacters at the end of the first plane. */
const FORBIDDEN = /[\ufffe\uffff]/gu;

function suite(name: string, run: Run, cases: readonly Case[]): Suite {
  const { manifest, summary } = run;
  const failures = cases.filter(({ failed }) => failed).length;
  const properties: [string, string][] = [
    ['run', manifest.runId],
    ['title', manifest.title],
    ['configHash', manifest.configHash],
    ['tierwise', manifest.versions.tierwise],
    ['seed', String(manifest.plan.seed)],
    ['valid', String(summary.invalid === undefined)],
    ['simulated', String(summary.simulated)],
  ];
  const xml = markup`<testsuite name="${attribute(`${manifest.title}: ${name}`)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0" timestamp="${attribute(manifest.startedAt)}" time="${(summary.totals.durationMs / 1000).toFixed(3)}">
<properties>${properties.map(([key, value]) => markup`<property name="${key}" value="${attribute(value)}"/>`)}</properties>
${cases.map((one) => one.xml)}</testsuite>
`;
  return { xml, tests: cases.length, failures };
}

function gateCase(result: GateResult): Case {
  const { gate, model, passed, why } = result;
  const name = model === undefined ? gate : `${gate} · ${model}`;
  return caseOf('tierwise.gates', name, passed ? undefined : { type: 'gate', message: why, text: why });
}

function caseOf(
  className: string,
  name: string,
  failure: { readonly type: string; readonly message: string; readonly text: string } | undefined,
): Case {
  const head = markup`<testcase classname="${attribute(className)}" name="${attribute(name)}" time="0"`;
  const xml = failure
    ? markup`${head}><failure type="${failure.type}" message="${attribute(failure.message)}">${plainText(failure.text, 2_000)}</failure></testcase>
`
    : markup`${head}/>
`;
  return { xml, failed: failure !== undefined };
}

/** Checks that failed, by prompt and model; warm-up requests are checked by nobody. */
function failedChecks(run: Run): Suite[] {
  const failing = (run.outcomes ?? []).filter(isFailedCheck);
  if (failing.length === 0) return [];
  const asked = new Set(failing.map(({ record }) => record));
  const records = new Map<string, { readonly model: string; readonly promptId: string }>();
  for (const { id, promptId, endpoint, model, warmup, coldStart } of run.records)
    if (asked.has(id) && !warmup && !coldStart) records.set(id, { model: `${endpoint}/${model}`, promptId });
  const cases: Case[] = [];
  let failures = 0;
  for (const outcome of failing) {
    const record = records.get(outcome.record);
    if (record === undefined) continue;
    failures++;
    if (cases.length >= MOST_CHECKS) continue;
    const why = outcome.why ?? `score ${outcome.score}`;
    cases.push(
      caseOf(
        `tierwise.checks.${safeName(record.model)}`,
        `${record.promptId} · ${outcome.name} · ${requestName(outcome.record, run.manifest)}`,
        { type: 'check', message: why, text: why },
      ),
    );
  }
  if (failures === 0) return [];
  const more = failures - cases.length;
  if (more > 0)
    cases.push(
      caseOf('tierwise.checks', `${more} further checks that failed`, {
        type: 'check',
        message: `${more} further checks failed; only the first ${MOST_CHECKS} are listed.`,
        text: 'The report and outcomes.jsonl have them all.',
      }),
    );
  return [suite('Checks', run, cases)];
}

/** On one line: an XML parser turns line ends in attributes into spaces anyway. */
function attribute(text: string): Markup {
  return { markup: escapeMarkup(plainText(text, 1_000)) };
}

type CheckOutcome = Extract<Outcome, { kind: 'check' }>;

function isFailedCheck(outcome: Outcome): outcome is CheckOutcome {
  return outcome.kind === 'check' && outcome.score !== undefined && outcome.score < 1;
}
