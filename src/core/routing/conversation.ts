/** Longer texts ask for something of their own. UTF-16 units. */
const longest = 80;

const wordsOf = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/**
 * By language: words of which at least one says to go on, and words that may stand beside them. Nothing but these may be in
 * a text, so that whatever is asked for in other words counts as new.
 */
const spaced: readonly (readonly [carryOn: ReadonlySet<string>, beside: ReadonlySet<string>])[] = [
  // English
  [
    wordsOf('yes yeah yep yup y ok okay k sure continue proceed go ahead on keep resume more agreed approved lgtm'),
    wordsOf(
      'please do it that this so the then now with going on ahead right correct exactly good great perfect fine sounds looks thanks thank you and just absolutely definitely works for me let us lets',
    ),
  ],
  // German
  [
    wordsOf('ja jo ok okay weiter weitermachen fortfahren fortsetzen mach einverstanden genau passt gerne'),
    wordsOf(
      'bitte so es das dies doch gut sehr danke und nur dann jetzt damit mal klingt richtig perfekt los fort fahre setze',
    ),
  ],
  // French
  [
    wordsOf('oui ouais ok okay continue continuez continuer poursuis poursuivez vas-y allez-y accord'),
    wordsOf(
      's’il te vous plaît plait stp svp ça ca c’est comme bien très tres bon merci et d’accord parfait fais-le faites-le alors maintenant',
    ),
  ],
  // Spanish
  [
    wordsOf('sí si ok okay vale continúa continua continúe continuar sigue siga adelante dale claro'),
    wordsOf('por favor así asi bien muy gracias y hazlo hágalo perfecto de acuerdo está eso ahora entonces con ello'),
  ],
  // Portuguese
  [
    wordsOf('sim ok okay continue continua continuar prossiga segue siga claro'),
    wordsOf('por favor assim bem muito obrigado obrigada e faça isso faz perfeito em frente está certo agora pode'),
  ],
  // Italian
  [
    wordsOf('sì si ok okay continua continui continuare procedi prosegui avanti vai certo'),
    wordsOf('per favore così bene molto grazie e fallo perfetto va d’accordo pure adesso ora'),
  ],
  // Dutch
  [
    wordsOf('ja ok oké okay doorgaan verder akkoord prima ga'),
    wordsOf('maar graag alsjeblieft alstublieft door zo goed heel bedankt en doe dat het dan nu'),
  ],
  // Polish
  [
    wordsOf('tak ok okej kontynuuj dalej dobrze jasne zgoda'),
    wordsOf('proszę prosze to tak zrób bardzo dzięki dziękuję i teraz rób super'),
  ],
  // Turkish
  [
    wordsOf('evet ok tamam devam olur'),
    wordsOf('lütfen et edin ediniz böyle çok iyi güzel teşekkürler ve şimdi yap onu bunu'),
  ],
  // Russian
  [
    wordsOf('да ок окей продолжай продолжайте дальше давай ладно хорошо угу согласен согласна'),
    wordsOf('пожалуйста так и это сделай сделайте спасибо очень отлично теперь же всё верно'),
  ],
  // Arabic
  [wordsOf('نعم أجل استمر أكمل تابع حسنا حسنًا موافق'), wordsOf('من فضلك شكرا شكرًا هيا الآن ذلك افعل جيد')],
  // Hindi
  [wordsOf('हाँ हां जी ठीक जारी आगे ओके'), wordsOf('है रखो रखें रखिए बढ़ो बढ़ें कृपया धन्यवाद करो करें और बहुत अच्छा')],
  // Korean
  [
    wordsOf(
      '네 예 응 그래 그래요 좋아 좋아요 계속 계속해 계속해줘 계속해주세요 계속하세요 진행해 진행해줘 진행해주세요 오케이',
    ),
    wordsOf('그럼 그렇게 해 해줘 해주세요 주세요 감사합니다 고마워 이제 부탁해 부탁해요 부탁합니다'),
  ],
];

/** The same for languages that do not part their words. */
const unspaced: readonly (readonly [carryOn: readonly string[], beside: readonly string[]])[] = [
  // Chinese, in both scripts
  [
    [
      '是',
      '是的',
      '对',
      '對',
      '好',
      '好的',
      '好吧',
      '可以',
      '行',
      '嗯',
      '继续',
      '繼續',
      '接着',
      '接著',
      '同意',
      '没问题',
      '沒問題',
      'ok',
    ],
    [
      '请',
      '請',
      '吧',
      '啊',
      '了',
      '就',
      '这样',
      '這樣',
      '做',
      '那',
      '那就',
      '谢谢',
      '謝謝',
      '往下',
      '下去',
      '来',
      '來',
      '写',
      '寫',
      '说',
      '說',
    ],
  ],
  // Japanese
  [
    [
      'はい',
      'うん',
      'ええ',
      '続けて',
      '続き',
      '続きを',
      '進めて',
      'お願いします',
      'お願い',
      'どうぞ',
      'オーケー',
      '了解',
      '了解です',
      'ok',
    ],
    [
      'ください',
      '下さい',
      'それで',
      'その',
      'まま',
      'そのまま',
      'いいです',
      'いい',
      'よ',
      'ね',
      'では',
      'じゃあ',
      'ありがとう',
      'ございます',
      'です',
    ],
  ],
];

/**
 * Whether a message only tells a model to go on with what it follows, and so is to be judged with that: “yes”, “ok, do it”, “weiter”, “да, продолжай”,
 * “はい、続けて”. Conservative: any word beyond a short list, and any question, is something new. For 15 languages, among
 * them English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, Russian, Chinese, Japanese and Korean.
 */
export function continues(text: string): boolean {
  if (text.length > longest || /[?？؟]/u.test(text)) return false;
  const line = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[👍👌✅🆗]\p{M}*\p{Emoji_Modifier}?/gu, ' ok ')
    .replaceAll("'", '’')
    .replace(/(?![’-])\p{P}|-(?=\s|$)|\p{Extended_Pictographic}|\ufe0f/gu, ' ')
    .trim();
  if (line === '') return false;
  const words = line.split(/\s+/u);
  return (
    spaced.some(
      ([carryOn, beside]) =>
        words.some((word) => carryOn.has(word)) && words.every((word) => carryOn.has(word) || beside.has(word)),
    ) || unspaced.some(([carryOn, beside]) => madeOf(words.join(''), carryOn, beside))
  );
}

/** Whether a text can be put together of parts, at least one of them from the first list. */
function madeOf(text: string, carryOn: readonly string[], beside: readonly string[]): boolean {
  /** For each length: 1 where the text up to there is made of parts, 2 where one of them says to go on. */
  const reached = new Uint8Array(text.length + 1);
  reached[0] = 1;
  for (let at = 0; at < text.length; at++) {
    const state = reached[at] ?? 0;
    if (state === 0) continue;
    const step = (part: string, to: number): void => {
      if (!text.startsWith(part, at)) return;
      const end = at + part.length;
      reached[end] = Math.max(reached[end] ?? 0, to);
    };
    for (const part of carryOn) step(part, 2);
    for (const part of beside) step(part, state);
  }
  return reached[text.length] === 2;
}
