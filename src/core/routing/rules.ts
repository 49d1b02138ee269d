import { Failure } from '../failure.ts';
import { grouped } from '../numbers.ts';
import type { LanguageRead } from '../quality/language.ts';
import type { Rule, RuleCondition, RuleContext } from './rule.ts';
import { compileGlob } from './rule-glob.ts';
import { compilePattern } from './rule-pattern.ts';
import { isAbove, type TierName } from './tier.ts';

/** What a rule is asked about. */
export interface RuleQuestion {
  readonly text: string;
  /** Estimated input tokens. */
  readonly tokens: number;
  readonly context?: RuleContext | undefined;
}

/** A rule that holds, and the tier that it names. */
export interface RuleVerdict {
  /** What the person calls the rule, or `rule 2`. */
  readonly rule: string;
  /** The person gave it a name. */
  readonly named: boolean;
  readonly tier: TierName;
}

/** What the rules say of a prompt. */
export interface RuleVerdicts {
  /** Of the first rule that holds and names a tier. */
  readonly decides?: RuleVerdict | undefined;
  /** Of the rules that hold and set a lowest tier, the one that asks for most. */
  readonly atLeast?: RuleVerdict | undefined;
}

/** Rules made ready: they are compiled once and then asked about many prompts. */
export interface RuleBook {
  verdicts(question: RuleQuestion): RuleVerdicts;
}

/** Tells a text's language; `languageOf` of core/quality/language. */
export type LanguageReader = (text: string) => LanguageRead;

/** What is wrong with a rule; `path` leads to it from the list of rules. */
export interface RuleProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Beginning and end of a prompt in which patterns are searched, in UTF-16 units: in a longer one the middle is not read. */
export const searched = { first: 16_384, last: 4_096 } as const;

/** Steps that the patterns of all rules may have together: a second of work at the very worst, a millisecond as a rule. */
const mostSteps = 2_000;

/** What keeps rules from being used, all of it. */
export function ruleProblems(rules: readonly Rule[]): RuleProblem[] {
  let steps = 0;
  return rules.flatMap((rule, index): RuleProblem[] => {
    const wrong = (path: RuleProblem['path'], check: () => unknown): RuleProblem[] => {
      try {
        check();
        return [];
      } catch (error) {
        if (error instanceof Failure) return [{ path: [index, ...path], message: error.message }];
        throw error;
      }
    };
    const measure = (source: string): void => {
      steps += compilePattern(source).size;
      if (steps <= mostSteps) return;
      const message = `and the patterns before it are too large together: over ${grouped(mostSteps)} steps. Shorten some of them.`;
      throw new Failure({ code: 'config', message });
    };
    const { path, pattern } = rule.if ?? {};
    return [
      ...(rule.tier === undefined && rule.atLeast === undefined
        ? [{ path: [index], message: 'decides nothing. Give it "tier" or "atLeast".' }]
        : []),
      ...(path === undefined ? [] : wrong(['if', 'path'], () => compileGlob(path))),
      ...(pattern === undefined ? [] : wrong(['if', 'pattern'], () => measure(pattern))),
    ];
  });
}

/**
 * Makes rules ready. Whoever has rules with a language gives what reads one; `loadRules` does so only where a rule asks for it.
 * @throws Failure `config` that names the place, as `rules[2].if.pattern: …`
 */
export function compileRules(rules: readonly Rule[], languageOf?: LanguageReader): RuleBook {
  const [problem] = ruleProblems(rules);
  if (problem) throw wrongRule(problem);
  const ready = rules.map((rule, index) => ({
    name: { rule: rule.name ?? `rule ${index + 1}`, named: rule.name !== undefined },
    rule,
    holds: conditionOf(rule.if ?? {}),
  }));
  return {
    verdicts({ text, tokens, context = {} }) {
      let language: LanguageRead | undefined;
      const asked: Asked = {
        text,
        tokens,
        context,
        language() {
          language ??= languageOf?.(text) ?? { why: 'nothing here reads languages' };
          return 'language' in language ? language.language : undefined;
        },
      };
      let decides: RuleVerdict | undefined;
      let atLeast: RuleVerdict | undefined;
      for (const { name, rule, holds } of ready) {
        if (!holds(asked)) continue;
        if (rule.tier !== undefined) decides ??= { ...name, tier: rule.tier };
        if (rule.atLeast !== undefined && (!atLeast || isAbove(rule.atLeast, atLeast.tier))) {
          atLeast = { ...name, tier: rule.atLeast };
        }
      }
      return { decides, atLeast };
    },
  };
}

/**
 * `compileRules` with what reads languages, which takes a while to load and is loaded only where a rule names one.
 * @throws Failure `config`, as `compileRules`, and for a language that cannot be told from others
 */
export async function loadRules(rules: readonly Rule[]): Promise<RuleBook> {
  if (rules.every((rule) => rule.if?.language === undefined)) return compileRules(rules);
  const { languageOf, canTell } = await import('../quality/language.ts');
  for (const [index, rule] of rules.entries()) {
    const language = rule.if?.language;
    if (language !== undefined && !canTell(spoken(language))) {
      const message = `"${language}" cannot be told from other languages. Write two letters, such as de or ja.`;
      throw wrongRule({ path: [index, 'if', 'language'], message });
    }
  }
  return compileRules(rules, languageOf);
}

function wrongRule({ path, message }: RuleProblem): Failure {
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return new Failure({ code: 'config', message: `rules${where}: ${message}` });
}

interface Asked {
  readonly text: string;
  readonly tokens: number;
  readonly context: RuleContext;
  language(): string | undefined;
}

/** All that is asked for holds; the cheap questions come first. */
function conditionOf({ path, pattern, language, hasImages, tokensAbove }: RuleCondition): (asked: Asked) => boolean {
  const inPath = path === undefined ? undefined : compileGlob(path);
  const inText = pattern === undefined ? undefined : compilePattern(pattern);
  const wanted = language === undefined ? undefined : spoken(language);
  return (asked) => {
    if (tokensAbove !== undefined && asked.tokens <= tokensAbove) return false;
    if (hasImages !== undefined && (asked.context.hasImages ?? false) !== hasImages) return false;
    if (inPath && (asked.context.path === undefined || !inPath(asked.context.path))) return false;
    if (inText) {
      const { text } = asked;
      const found =
        text.length <= searched.first + searched.last
          ? inText.found(text)
          : inText.found(text, 0, searched.first) || inText.found(text, text.length - searched.last);
      if (!found) return false;
    }
    return wanted === undefined || asked.language() === wanted;
  };
}

/** Both written forms of Norwegian are one language to whoever reads it. */
function spoken(language: string): string {
  return language === 'nb' || language === 'nn' ? 'no' : language;
}
