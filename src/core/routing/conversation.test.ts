import { describe, expect, it } from 'vitest';
import { continues } from './conversation.ts';

describe('a message that only says to go on', () => {
  it.each([
    [
      'English',
      [
        'yes',
        'Yes, continue.',
        'go on',
        'OK do it',
        'ok, go ahead!',
        'please continue',
        'keep going',
        'sounds good, proceed',
        'LGTM',
        'y',
        '👍',
        '👍🏽',
        'Yes please',
        'yes, do that',
      ],
    ],
    [
      'German',
      ['ja', 'weiter', 'Ja, bitte weiter', 'mach weiter!', 'ok, mach das', 'Einverstanden.', 'fahre bitte fort, ja'],
    ],
    ['French', ['oui', 'continue', 'Oui, vas-y', "d'accord, continuez s'il vous plaît", 'ok, parfait']],
    ['Spanish', ['sí', 'Sí, continúa', 'sigue, por favor', 'vale, hazlo', 'adelante']],
    ['Portuguese', ['sim', 'Sim, continue por favor', 'pode continuar']],
    ['Italian', ['sì', 'Sì, continua', 'vai avanti', 'ok, procedi pure']],
    ['Dutch', ['ja', 'ga door', 'Ja, ga maar verder']],
    ['Polish', ['tak', 'Tak, kontynuuj proszę', 'dalej']],
    ['Turkish', ['evet', 'Evet, devam et', 'tamam']],
    ['Russian', ['да', 'да, продолжай', 'Давай дальше', 'хорошо, сделай это']],
    ['Arabic', ['نعم', 'نعم، استمر', 'أكمل من فضلك']],
    ['Hindi', ['हाँ', 'हाँ, जारी रखें', 'ठीक है']],
    ['Chinese', ['是', '好的，继续', '继续', '可以', '請繼續', '好，就这样做吧']],
    ['Japanese', ['はい', 'はい、続けて', '続けてください', 'はい、お願いします。', 'そのまま進めてください']],
    ['Korean', ['네', '네, 계속해주세요', '계속', '좋아요, 그렇게 해주세요']],
  ])('is known in %s', (_, texts) => {
    expect(texts.filter((text) => !continues(text))).toEqual([]);
  });

  it('asks for nothing new, whatever it begins with', () => {
    const others = [
      '',
      '   ',
      '...',
      'no',
      'please',
      'the',
      'yes?',
      'ok, but use a mutex',
      'yes, and prove that it terminates',
      'go on with the migration to Postgres',
      'continue in Rust',
      'why',
      'weiter mit dem Beweis',
      'ja, aber schneller',
      'да, но докажи это',
      'はい、証明してください',
      '好的，请证明',
      '네, 증명해주세요',
      'sí, pero demuéstralo',
      'more tests',
      'Continue:\n\n```ts\nlet a = 1\n```',
      `yes ${'please '.repeat(20)}`,
    ];
    expect(others.filter(continues)).toEqual([]);
  });

  it('is told of 80 characters that could be cut in many ways without trying them all', () => {
    expect(continues('好的'.repeat(40))).toBe(true);
    expect(continues(`${'好的'.repeat(39)}证`)).toBe(false);
  });
});
