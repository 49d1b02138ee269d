import { Failure } from '../failure.ts';

/**
 * Searches a text in time linear in its length, whatever the pattern: an automaton goes over the text once and never back.
 * A backtracking engine can take years over a pattern of ten characters, and a rule's pattern may be a stranger's.
 */
export interface Pattern {
  /** Whether the pattern is found in [from, to) of the text; `^`, `$` and `\b` see the whole text. */
  found(text: string, from?: number, to?: number): boolean;
  /** Steps of the automaton: the work on one character is at most proportional to it. */
  readonly size: number;
}

/** Steps that an automaton may have where nobody says otherwise: bounds the work on each character. */
const mostSteps = 400;
/** Kinds of characters that a pattern may tell apart. */
const maxAtoms = 120;
/** States that are remembered; then all are forgotten, which bounds memory and costs time only. */
const maxStates = 1_000;
/** Characters whose class is remembered. */
const maxKnown = 65_536;

type Node =
  | { readonly kind: 'atom'; readonly source: string }
  | { readonly kind: 'edge'; readonly edge: Edge }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly least: number; readonly most: number };
type Edge = '^' | '$' | 'b' | 'B';

type Step =
  | { readonly do: 'atom'; readonly atom: number }
  | { readonly do: 'edge'; readonly edge: Edge }
  | { readonly do: 'fork'; to: readonly number[] }
  | { readonly do: 'match' };

/**
 * A regular expression of JavaScript with the flag `u`, and `i` unless said, for searching. It means what it means to
 * `RegExp`, but look-around, backreferences and modifiers are refused, and repetitions that come to over 400 steps.
 * @throws Failure `config` that says what is wrong with the pattern and how to mend it
 */
export function compilePattern(source: string, flags: 'iu' | 'u' = 'iu', maxSteps = mostSteps): Pattern {
  try {
    new RegExp(source, flags);
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/^.*: /s, '') : String(error);
    throw refused(`is no regular expression (${said}).`);
  }
  const atoms: string[] = [];
  const steps: Step[] = [];
  emit(new Parser(source).choice(), { steps, atoms, maxSteps });
  steps.push({ do: 'match' });
  return new Automaton(
    steps,
    atoms.map((atom) => new RegExp(`^(?:${atom})$`, flags)),
    new RegExp('^\\w$', flags),
  );
}

function refused(message: string): Failure {
  return new Failure({ code: 'config', message });
}

/** Reads a pattern that `RegExp` has taken with the flag `u`, so that only what is refused here needs a check. */
class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  choice(): Node {
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#source.length && !this.#sees('|') && !this.#sees(')')) {
      parts.push(this.#repeated(this.#single()));
    }
    return { kind: 'sequence', parts };
  }

  #single(): Node {
    if (this.#take('^')) return { kind: 'edge', edge: '^' };
    if (this.#take('$')) return { kind: 'edge', edge: '$' };
    if (this.#take('(')) return this.#group();
    if (this.#sees('[')) return this.#set();
    if (this.#sees('\\')) return this.#escape();
    return this.#atom(String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0));
  }

  #group(): Node {
    if (this.#sees('?') && !this.#take('?:')) {
      const named = /^\?<[^=!][^>]*>/u.exec(this.#source.slice(this.#at));
      if (!named) throw refused('looks around or changes flags within, which cannot be searched in bounded time.');
      this.#at += named[0].length;
    }
    const inner = this.choice();
    this.#at += 1;
    return inner;
  }

  #set(): Node {
    let end = this.#at + 1;
    while (this.#source[end] !== ']') end += this.#source[end] === '\\' ? 2 : 1;
    return this.#atom(this.#source.slice(this.#at, end + 1));
  }

  #escape(): Node {
    const rest = this.#source.slice(this.#at);
    const edge = /^\\([bB])/.exec(rest)?.[1];
    if (edge === 'b' || edge === 'B') {
      this.#at += 2;
      return { kind: 'edge', edge };
    }
    if (/^\\(?:[1-9]|k<)/.test(rest)) {
      throw refused('refers back to a group, which cannot be searched in bounded time. Write out what is meant.');
    }
    const form =
      /^\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|[\s\S])/u;
    return this.#atom(form.exec(rest)?.[0] ?? rest);
  }

  #atom(source: string): Node {
    this.#at += source.length;
    return { kind: 'atom', source };
  }

  #repeated(node: Node): Node {
    const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#source.slice(this.#at));
    if (!found) return node;
    const [written, sign, first = '', comma, second] = found;
    this.#at += written.length;
    if (sign !== undefined) {
      return { kind: 'repeat', node, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Number.POSITIVE_INFINITY };
    }
    const most = comma === '' ? Number(first) : second === '' ? Number.POSITIVE_INFINITY : Number(second);
    return { kind: 'repeat', node, least: Number(first), most };
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    const there = this.#sees(text);
    if (there) this.#at += text.length;
    return there;
  }
}

interface Program {
  readonly steps: Step[];
  /** Each kind of character once, as it is written. */
  readonly atoms: string[];
  readonly maxSteps: number;
}

/** Appends the steps of a node; the step after it is the next one appended (construction of K. Thompson, 1968). */
function emit(node: Node, into: Program): void {
  const { steps, atoms, maxSteps } = into;
  if (steps.length > maxSteps) {
    throw refused(`is too large: counted out it has over ${maxSteps} steps. Write + or * for a large count.`);
  }
  switch (node.kind) {
    case 'atom': {
      const known = atoms.indexOf(node.source);
      if (known < 0 && atoms.length === maxAtoms) {
        throw refused(`tells over ${maxAtoms} characters apart. Split it into two rules.`);
      }
      steps.push({ do: 'atom', atom: known < 0 ? atoms.push(node.source) - 1 : known });
      return;
    }
    case 'edge':
      steps.push({ do: 'edge', edge: node.edge });
      return;
    case 'sequence':
      for (const part of node.parts) emit(part, into);
      return;
    case 'choice': {
      const fork = pushFork(steps);
      const ends = node.parts.map((part) => {
        fork.to = [...fork.to, steps.length];
        emit(part, into);
        return pushFork(steps);
      });
      for (const end of ends) end.to = [steps.length];
      return;
    }
    case 'repeat':
      emitRepeat(node, into);
  }
}

function emitRepeat({ node, least, most }: Extract<Node, { kind: 'repeat' }>, into: Program): void {
  const { steps } = into;
  for (let i = 0; i < least; i++) {
    const before = steps.length;
    emit(node, into);
    // Nothing, however often.
    if (steps.length === before) break;
  }
  if (most === Number.POSITIVE_INFINITY) {
    const start = steps.length;
    const fork = pushFork(steps);
    emit(node, into);
    pushFork(steps).to = [start];
    fork.to = [start + 1, steps.length];
    return;
  }
  const forks: { to: readonly number[] }[] = [];
  for (let i = least; i < most; i++) {
    const fork = pushFork(steps);
    fork.to = [steps.length];
    forks.push(fork);
    emit(node, into);
  }
  for (const fork of forks) fork.to = [...fork.to, steps.length];
}

function pushFork(steps: Step[]): { to: readonly number[] } {
  const fork = { do: 'fork' as const, to: [] as readonly number[] };
  steps.push(fork);
  return fork;
}

/** What stands before a place, or after it. */
type Neighbour = 'none' | 'word' | 'other';

interface State {
  /** Steps that are waited at, ascending. */
  readonly at: readonly number[];
  readonly before: Neighbour;
  /** By the class of the character that comes: where it leads, or that the pattern is found. */
  readonly next: (State | 'found' | undefined)[];
}

/** The steps of a pattern walked all at once, with the sets of steps that were met remembered as states. */
class Automaton implements Pattern {
  readonly #steps: readonly Step[];
  readonly #atoms: readonly RegExp[];
  readonly #word: RegExp;
  /** Characters that the pattern cannot tell apart have one class. */
  readonly #classOf = new Map<number, number>();
  readonly #classes = new Map<string, number>();
  readonly #members: { readonly atoms: readonly boolean[]; readonly word: boolean }[] = [];
  #states = new Map<string, State>();

  constructor(steps: readonly Step[], atoms: readonly RegExp[], word: RegExp) {
    this.#steps = steps;
    this.#atoms = atoms;
    this.#word = word;
  }

  get size(): number {
    return this.#steps.length;
  }

  found(text: string, from = 0, to = text.length): boolean {
    let state = this.#state([0], from === 0 ? 'none' : this.#neighbour(text, from - 1));
    for (let i = from; i < to; i++) {
      const point = text.codePointAt(i) ?? 0;
      if (point > 0xffff) i++;
      const kind = this.#classOf.get(point) ?? this.#classify(point);
      state.next[kind] ??= this.#advance(state, kind);
      const next = state.next[kind];
      if (next === 'found') return true;
      state = next;
    }
    return this.#reached(state, to < text.length ? this.#neighbour(text, to) : 'none').includes(this.#steps.length - 1);
  }

  #advance(state: State, kind: number): State | 'found' {
    const member = this.#members[kind];
    if (member === undefined) throw new RangeError(`There is no class ${kind}.`);
    // A match may begin at every character.
    const coming = new Uint8Array(this.#steps.length);
    coming[0] = 1;
    for (const place of this.#reached(state, member.word ? 'word' : 'other')) {
      const step = this.#steps[place];
      if (step?.do === 'match') return 'found';
      if (step?.do === 'atom' && member.atoms[step.atom]) coming[place + 1] = 1;
    }
    const at: number[] = [];
    for (let place = 0; place < coming.length; place++) if (coming[place] === 1) at.push(place);
    return this.#state(at, member.word ? 'word' : 'other');
  }

  /** The steps that a state comes to without a character. */
  #reached({ at, before }: State, after: Neighbour): readonly number[] {
    const reached = [...at];
    const known = new Uint8Array(this.#steps.length);
    for (const place of at) known[place] = 1;
    const come = (place: number): void => {
      if (known[place] === 1) return;
      known[place] = 1;
      reached.push(place);
    };
    for (let i = 0; i < reached.length; i++) {
      const place = reached[i] ?? 0;
      const step = this.#steps[place];
      if (step?.do === 'fork') step.to.forEach(come);
      else if (step?.do === 'edge' && holds(step.edge, before, after)) come(place + 1);
    }
    return reached;
  }

  #state(at: readonly number[], before: Neighbour): State {
    const key = before + String.fromCharCode(...at);
    const known = this.#states.get(key);
    if (known) return known;
    if (this.#states.size >= maxStates) this.#states = new Map();
    const state: State = { at, before, next: [] };
    this.#states.set(key, state);
    return state;
  }

  #classify(point: number): number {
    const text = String.fromCodePoint(point);
    const atoms = this.#atoms.map((atom) => atom.test(text));
    const word = this.#word.test(text);
    const key = [word, ...atoms].map(Number).join('');
    let kind = this.#classes.get(key);
    if (kind === undefined) {
      kind = this.#members.push({ atoms, word }) - 1;
      this.#classes.set(key, kind);
    }
    if (this.#classOf.size >= maxKnown) this.#classOf.clear();
    this.#classOf.set(point, kind);
    return kind;
  }

  #neighbour(text: string, at: number): Neighbour {
    return this.#word.test(text[at] ?? '') ? 'word' : 'other';
  }
}

function holds(edge: Edge, before: Neighbour, after: Neighbour): boolean {
  if (edge === '^') return before === 'none';
  if (edge === '$') return after === 'none';
  return ((before === 'word') !== (after === 'word')) === (edge === 'b');
}
