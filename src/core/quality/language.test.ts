import { describe, expect, it } from 'vitest';
import { canTell, languageOf } from './language.ts';

describe('the language of an answer', () => {
  it.each([
    ['en', 'The capital of Australia is Canberra, which was founded in 1913.'],
    ['de', 'Die Hauptstadt von Australien ist Canberra, gegründet im Jahr 1913.'],
    ['fr', 'La capitale de l’Australie est Canberra, qui a été fondée en 1913.'],
    ['es', 'La capital de Australia es Canberra, que fue fundada en el año 1913.'],
    ['pt', 'A capital da Austrália é Camberra, que foi fundada no ano de 1913.'],
    ['it', 'La capitale dell’Australia è Canberra, che fu fondata nel 1913.'],
    ['nl', 'De hoofdstad van Australië is Canberra, dat in 1913 werd gesticht.'],
    ['pl', 'Stolicą Australii jest Canberra, która została założona w 1913 roku.'],
    ['no', 'Hunden sover på sofaen i stuen, og katten er ute.'],
    ['en', 'Paris is the capital and largest city of France.'],
    ['it', 'Il cane dorme sul divano del salotto.'],
    ['ru', 'Столица Австралии — Канберра, основанная в 1913 году.'],
    ['uk', 'Столицею Австралії є місто Канберра, яке засноване у 1913 році.'],
    ['tr', 'Avustralya’nın başkenti 1913 yılında kurulan Kanberra’dır.'],
    ['sv', 'Australiens huvudstad är Canberra, som grundades år 1913.'],
    ['ar', 'عاصمة أستراليا هي كانبرا التي تأسست عام ألف وتسعمئة وثلاثة عشر.'],
    ['hi', 'ऑस्ट्रेलिया की राजधानी कैनबरा है, जिसकी स्थापना सन् उन्नीस सौ तेरह में हुई थी।'],
    ['el', 'Πρωτεύουσα είναι η Αθήνα.'],
    ['ja', '東京です。'],
    ['ko', '서울입니다.'],
    ['zh', '澳大利亚的首都是堪培拉。'],
    ['th', 'กรุงเทพ'],
  ])('is %s for: %s', (language, text) => {
    expect(languageOf(text)).toEqual({ language });
    expect(canTell(language)).toBe(true);
  });

  it.each([
    'Yes.',
    'Ja',
    'Paris',
    '42',
    '',
    'OK, thanks!',
    '東京',
    'La capitale de la France est Paris.',
    'return 0;',
    'Water boils at sea level, hot.',
    'Photosynthesis converts light into chemical energy.',
  ])('is left open for: %s', (text) => {
    expect(languageOf(text)).toHaveProperty('why');
  });

  it('is that of the prose, whatever the code between says', () => {
    const code = '```python\ndef the_function_that_is_english(value):\n    return value and the_other_one\n```';
    expect(languageOf(`So wird das in der Regel geschrieben, wenn man es richtig macht:\n${code}`)).toEqual({
      language: 'de',
    });
    expect(languageOf(code)).toHaveProperty('why');
  });

  it('is not turned by a word in another script', () => {
    expect(languageOf('The Greek word λόγος means word, reason or account, depending on the author.')).toEqual({
      language: 'en',
    });
  });
});
