/** What tokens are made of, counted in one pass: the basis of the token estimate. */

/** Names of the counts, in the order in which `textFeatures` gives them. */
export const featureNames = [
  /** Runs of Latin letters; a capital after a small letter begins another. */
  'words',
  /** Letters of a word from the 8th to the 14th, and from the 15th on. */
  'longLetters',
  'endlessLetters',
  /** Capitals after capitals. */
  'capitals',
  /** Latin letters beyond ASCII. */
  'accented',
  /** Groups of up to three digits, and digits. */
  'digitGroups',
  'digits',
  /** Runs of ASCII punctuation, and its characters after the first of a run. */
  'punctuationRuns',
  'morePunctuation',
  'lineEnds',
  /** Runs of two or more spaces or tabs. */
  'spaceRuns',
  'cyrillic',
  'greek',
  'hebrew',
  'arabic',
  'devanagari',
  'indic',
  'georgianArmenian',
  'thai',
  /** Lao, Khmer, Burmese. */
  'southEastAsian',
  'han',
  'kana',
  'hangul',
  /** Punctuation and symbols beyond ASCII. */
  'symbols',
  /** Characters of scripts not named here. */
  'otherScripts',
  /** Surrogate pairs: emoji and rare scripts. */
  'pairs',
] as const;

export type FeatureName = (typeof featureNames)[number];

const featureCount = featureNames.length;
const at = Object.fromEntries(featureNames.map((name, index) => [name, index])) as Record<FeatureName, number>;

/** Classes beyond the features: what only separates, or is counted by runs. */
const SPACE = 100;
const NEWLINE = 101;
const SMALL = 102;
const CAPITAL = 103;
const DIGIT = 104;
const PUNCTUATION = 105;
const ACCENTED = 106;
const HIGH_SURROGATE = 107;
const NOTHING = 108;

/** The class of each UTF-16 unit; the features that count characters are their own class. */
const classes = makeClasses();

function makeClasses(): Uint8Array {
  const table = new Uint8Array(0x10000).fill(at.otherScripts);
  const set = (kind: number, ...ranges: readonly (readonly [number, number])[]): void => {
    for (const [from, to] of ranges) table.fill(kind, from, to + 1);
  };
  set(PUNCTUATION, [0x00, 0x7f]);
  set(SPACE, [0x20, 0x20], [0x09, 0x09], [0xa0, 0xa0]);
  set(NEWLINE, [0x0a, 0x0a]);
  set(NOTHING, [0x0d, 0x0d]);
  set(DIGIT, [0x30, 0x39]);
  set(CAPITAL, [0x41, 0x5a]);
  set(SMALL, [0x61, 0x7a]);
  set(at.symbols, [0xa1, 0xbf], [0x2b0, 0x36f], [0x2000, 0x2bff], [0x3000, 0x303f], [0xfe00, 0xfe0f], [0xff00, 0xff65]);
  set(ACCENTED, [0xc0, 0x2af]);
  // Vietnamese: words are short already, so its letters cost nothing more.
  set(SMALL, [0x1e00, 0x1eff], [0x1a0, 0x1b0]);
  set(at.greek, [0x370, 0x3ff], [0x1f00, 0x1fff]);
  set(at.cyrillic, [0x400, 0x52f]);
  set(at.georgianArmenian, [0x530, 0x58f], [0x10a0, 0x10ff], [0x1c90, 0x1cbf]);
  set(at.hebrew, [0x590, 0x5ff]);
  set(at.arabic, [0x600, 0x77f], [0x8a0, 0x8ff], [0xfb50, 0xfdff], [0xfe70, 0xfeff]);
  set(at.devanagari, [0x900, 0x97f]);
  set(at.indic, [0x980, 0xdff]);
  set(at.thai, [0xe00, 0xe7f]);
  set(at.southEastAsian, [0xe80, 0x0eff], [0x1000, 0x109f], [0x1780, 0x17ff]);
  set(at.hangul, [0x1100, 0x11ff], [0x3130, 0x318f], [0xac00, 0xd7af]);
  set(at.kana, [0x3040, 0x30ff]);
  set(at.han, [0x3400, 0x4dbf], [0x4e00, 0x9fff], [0xf900, 0xfaff]);
  set(HIGH_SURROGATE, [0xd800, 0xdbff]);
  set(NOTHING, [0xdc00, 0xdfff]);
  return table;
}

/** Adds the counts of `text` between two offsets to `into`. Linear; a run that a boundary cuts is counted on both sides. */
export function addFeatures(text: string, start: number, end: number, into: Float64Array): void {
  const add = (feature: number): void => {
    into[feature] = (into[feature] ?? 0) + 1;
  };
  let before = NOTHING;
  let run = 0;
  for (let i = start; i < end; i++) {
    const kind = classes[text.charCodeAt(i)] as number;
    switch (kind) {
      case SMALL:
      case CAPITAL:
      case ACCENTED: {
        const inWord = before === SMALL || before === CAPITAL || before === ACCENTED;
        if (!inWord || (kind === CAPITAL && before !== CAPITAL)) {
          run = 1;
          add(at.words);
        } else {
          run++;
          if (run > 14) add(at.endlessLetters);
          else if (run > 7) add(at.longLetters);
          if (kind === CAPITAL) add(at.capitals);
        }
        if (kind === ACCENTED) add(at.accented);
        break;
      }
      case DIGIT:
        run = before === DIGIT ? run + 1 : 1;
        add(at.digits);
        if (run % 3 === 1) add(at.digitGroups);
        break;
      case PUNCTUATION:
        add(before === PUNCTUATION ? at.morePunctuation : at.punctuationRuns);
        break;
      case SPACE:
        run = before === SPACE ? run + 1 : 1;
        if (run === 2) add(at.spaceRuns);
        break;
      case NEWLINE:
        if (before !== NEWLINE) add(at.lineEnds);
        break;
      case HIGH_SURROGATE:
        add(at.pairs);
        break;
      case NOTHING:
        continue;
      default:
        add(kind);
    }
    before = kind;
  }
}

export function emptyFeatures(): Float64Array {
  return new Float64Array(featureCount);
}
