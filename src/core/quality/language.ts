import { detectAll, supportedLanguages, toISO2 } from 'tinyld/light';
import { proseOf } from './fences.ts';

/** Scripts that one language only is written in, as far as is told apart here. */
const scripts: readonly (readonly [language: string, script: RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['ko', /\p{Script=Hangul}/u],
  ['th', /\p{Script=Thai}/u],
  ['el', /\p{Script=Greek}/u],
  ['he', /\p{Script=Hebrew}/u],
  ['bn', /\p{Script=Bengali}/u],
  ['ka', /\p{Script=Georgian}/u],
  ['hy', /\p{Script=Armenian}/u],
  ['ta', /\p{Script=Tamil}/u],
  ['te', /\p{Script=Telugu}/u],
  ['gu', /\p{Script=Gujarati}/u],
];

/** Languages that another's detector takes for it, known by letters that the other does not have. */
const lookAlikes: readonly (readonly [language: string, letters: RegExp])[] = [
  ['uk', /[іїєґ]/giu],
  ['be', /[ўі]/giu],
  ['bg', /ъ(?=[\p{L}])/giu],
  ['fa', /[پچژگ]/gu],
];

const wordsOf = (words: string) => new Set(words.split(' '));
/** Words that nearly every sentence of a language has one of. */
const smallWords: Readonly<Record<string, ReadonlySet<string>>> = {
  en: wordsOf('the of and is are was were to in that it with for as by on at this which you not have has be can'),
  de: wordsOf('der die das und ist sind war ein eine nicht mit für auf von den dem des im zu wird sich als auch'),
  fr: wordsOf('le la les de des du et est sont un une dans que qui pour pas sur avec il elle au aux en ne plus'),
  es: wordsOf('el la los las de del y es son un una en que por para con no se lo como más fue su al pero'),
  pt: wordsOf('o a os as de do da dos das e é são um uma em que por para com não se no na foi mais'),
  it: wordsOf('il lo la i gli le di del della e è sono un una in che per con non si nel nella al sul fu da'),
  nl: wordsOf('de het een en is zijn was van in op dat die niet met voor te aan door er ook werd wordt'),
  sv: wordsOf('och är att det som en ett av på för med den inte till var har om från kan'),
  no: wordsOf('og er at det som en et av på for med den ikke til var har om fra kan i'),
  fi: wordsOf('ja on ei se että oli hän ovat mutta joka kun niin myös tai kuin ole'),
  hu: wordsOf('a az és hogy nem is egy van volt meg de ez azt mint csak vagy'),
  ro: wordsOf('și este sunt un o de la în cu pe nu care că din pentru mai se fost'),
  pl: wordsOf('i w na z jest są nie do że się to który która jak po dla od był była roku'),
  tr: wordsOf('ve bir bu ile için de da ne çok olarak olan gibi daha ama mi var'),
};

const told = new Set([...supportedLanguages.map((code) => toISO2(code)), ...scripts.map(([language]) => language)]);
/** Letters below which the Latin, Cyrillic, Arabic and Devanagari scripts leave it open. */
const fewestLetters = 24;
/** From here on the detector is believed alone. */
const enoughLetters = 120;
/** How far its first must be ahead of its second. */
const margin = 1.5;
/** Characters that are looked at. */
const mostCharacters = 4_000;

/** A language as ISO 639-1 code, or why it cannot be told. */
export type LanguageRead = { readonly language: string } | { readonly why: string };

/**
 * The language of an answer, code blocks left out. It is not told where the text is short or two languages are near
 * each other: `La capitale de la France est Paris` is too little to be sure.
 */
export function languageOf(answer: string): LanguageRead {
  const text = proseOf(answer)
    .replace(/`[^`\n]*`|https?:\/\/\S+/g, ' ')
    .slice(0, mostCharacters);
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return { why: 'there are no words in it' };
  for (const [language, script] of scripts) {
    const own = text.match(new RegExp(script, 'gu'))?.length ?? 0;
    // Japanese mixes scripts; a quotation in another script is not the answer's language.
    if (own >= 2 && own / letters > (language === 'ja' ? 0.1 : 0.5)) return { language };
  }
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  if (han / letters > 0.5) {
    return han >= 6 ? { language: 'zh' } : { why: `${han} Chinese characters can be Japanese, too` };
  }
  if (letters < fewestLetters) return { why: `${letters} letters are too few to tell` };
  for (const [language, own] of lookAlikes) {
    if ((text.match(own)?.length ?? 0) / letters > 0.02) return { language };
  }
  return detected(text, letters);
}

/** By the detector, and below `enoughLetters` only where the words that every sentence has agree with it. */
function detected(text: string, letters: number): LanguageRead {
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  const inLatin = latin > letters / 2;
  // A quotation in another script would decide by its letters alone.
  const own = text.replace(inLatin ? /(?!\p{Script=Latin})\p{L}/gu : /\p{Script=Latin}/gu, ' ');
  const [first, second] = detectAll(own);
  if (!first) return { why: 'no language was recognised' };
  const clear = second === undefined || first.accuracy >= margin * second.accuracy;
  if (inLatin) {
    const heard = mostHeard(own);
    if (heard === first.lang) return { language: heard };
    if (letters < enoughLetters && (heard !== undefined || first.accuracy < 1)) {
      return { why: `it is too short to tell ${first.lang} from ${heard ?? second?.lang ?? 'others'}` };
    }
  }
  return clear ? { language: first.lang } : { why: `${first.lang} and ${second.lang} are too near each other in it` };
}

/** The language whose small words are at least two, and more than any other's. */
function mostHeard(text: string): string | undefined {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const counts = Object.entries(smallWords).map(([language, own]) => ({
    language,
    count: words.filter((word) => own.has(word)).length,
  }));
  const [first, second] = counts.sort((a, b) => b.count - a.count);
  return first && first.count >= 2 && first.count > (second?.count ?? 0) ? first.language : undefined;
}

/** Whether a language is one that `languageOf` can find. */
export function canTell(language: string): boolean {
  return told.has(language) || lookAlikes.some(([other]) => other === language);
}
