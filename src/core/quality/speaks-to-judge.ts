/*
 * Signs that an answer speaks to whoever judges it. An answer about grading can bear them too: they flag, and change no score.
 */
const top = '(?:10|5|100|full|perfect|maximum|max|highest|top|best|high)';
const signs: readonly string[] = [
  // English
  `\\b(?:(?:score|rate|grade|mark) (?:me|this|it)|(?:give|award|assign) (?:me|this|it) (?:a|an|the)|(?:score|rate|grade|mark|give|award|assign) (?:my (?:answer|response)|the (?:answer|response)|this (?:answer|response)))\\b[^.!?\\n]{0,30}\\b${top}\\b`,
  `\\b(?:answer|response|it) (?:deserves|should (?:get|receive|be (?:given|scored|rated|graded))|merits|must (?:get|receive|be (?:given|scored|rated)))\\b[^.!?\\n]{0,30}\\b${top}\\b`,
  '\\b(?:ignore|disregard|forget|override)\\b[^.!?\\n]{0,20}\\b(?:above|previous|prior|preceding|earlier|your (?:instructions|rubric|guidelines)|the (?:rubric|instructions|reference))\\b',
  "\\b(?:as|you are|you're|dear|attention|note to(?: the)?|message to(?: the)?|hey|to the) (?:an? |the |my )?(?:ai )?(?:grader|judge|evaluator|rater|marker|grading (?:model|assistant|system))\\b(?! (?:ruled|said|decided|of))",
  '\\b(?:judge|choose|pick|prefer|select) (?:this|my) (?:answer|response)\\b|\\bthis is the (?:better|best|correct|winning) (?:answer|response)\\b|\\b(?:answer|response) (?:1|2|a|b) is (?:better|the winner)\\b',
  '["“{]\\s*(?:score|winner)["”]?\\s*:\\s*["“]?(?:\\d|tie)',
  '\\b(?:final )?(?:score|rating|verdict)\\s*[:=]\\s*\\d+\\s*/\\s*\\d+',
  '<\\|?(?:im_start|im_end|system|endoftext|start_header_id)|\\[/?INST\\]|\\bsystem (?:prompt|message|override)\\s*:',
  '\\b(?:question|reference|answer)(?: [12])? ends\\]',
  // German
  '\\b(?:bewerte|benote)\\b[^.!?\\n]{0,30}\\b(?:mit|mich|diese antwort)\\b|\\bgib (?:mir|dieser antwort)\\b[^.!?\\n]{0,30}\\b(?:punkte|punktzahl|note|10|5)\\b|\\bignoriere\\b[^.!?\\n]{0,30}\\b(?:anweisungen|obige[nrs]?|vorherige[nrs]?|bisherige[nrs]?)\\b|\\b(?:als|lieber?|sehr geehrte[rs]?) (?:bewerter|prüfer|gutachter|juror)',
  // French
  "\\b(?:note|notez|évalue|évaluez|donne|donnez)(?:-moi| moi)?\\b[^.!?\\n]{0,30}\\b(?:10|5|maximale?|parfaite?)\\b|\\bignore[zr]?\\b[^.!?\\n]{0,30}\\b(?:instructions|consignes|précédentes?|ci-dessus)\\b|\\b(?:en tant qu[e’']|cher|chère) ?(?:évaluateur|évaluatrice|correcteur|juge)\\b",
  // Spanish, Portuguese, Italian
  '\\b(?:califica|califícame|puntúa|puntúame|evalúa|dame|otorga)\\b[^.!?\\n]{0,30}\\b(?:10|5|máxim[ao]|perfect[ao])\\b|\\bignor[ae]\\b[^.!?\\n]{0,30}\\b(?:instrucciones|anterior(?:es)?|lo anterior)\\b|\\b(?:como|querido|estimado) (?:evaluador|juez|calificador)\\b',
  '\\b(?:avalie|pontue|dê|me dê)\\b[^.!?\\n]{0,30}\\b(?:10|5|máxim[ao]|perfeit[ao])\\b|\\bignore\\b[^.!?\\n]{0,30}\\b(?:instruções|anterior(?:es)?|acima)\\b|\\b(?:como|caro|prezado) (?:avaliador|juiz)\\b',
  '\\b(?:valuta|valutami|assegna|dammi|dai)\\b[^.!?\\n]{0,30}\\b(?:10|5|massim[ao]|perfett[ao])\\b|\\bignora\\b[^.!?\\n]{0,30}\\b(?:istruzioni|precedent[ei]|sopra)\\b|\\b(?:come|caro|gentile) (?:valutatore|giudice)\\b',
  // Dutch, Polish, Russian, Turkish
  '\\b(?:beoordeel|geef)\\b[^.!?\\n]{0,30}\\b(?:10|5|maximale|hoogste)\\b|\\bnegeer\\b[^.!?\\n]{0,30}\\b(?:instructies|bovenstaande|vorige)\\b',
  '(?:oceń|daj|przyznaj)[^.!?\\n]{0,30}(?:10|5|maksymaln)|(?:zignoruj|ignoruj)[^.!?\\n]{0,30}(?:instrukcj|poprzedni|powyższ)',
  '(?:оцени|поставь|дай)[^.!?\\n]{0,30}(?:10|5|максимальн|высш)|(?:игнорируй|проигнорируй|забудь)[^.!?\\n]{0,30}(?:инструкци|предыдущ|выше)|(?:как|уважаемый) (?:оценщик|судья|эксперт-оценщик)',
  '(?:puan ver|puanla)[^.!?\\n]{0,30}(?:10|5|tam|en yüksek)|(?:10|5|tam|en yüksek) puan(?:ı)? ver|(?:önceki|yukarıdaki)[^.!?\\n]{0,20}(?:talimat|yönerge)[^.!?\\n]{0,20}(?:yok say|görmezden gel|dikkate alma)',
  // Chinese, Japanese, Korean
  '(?:给我|给这个|给本|请给|打)[^。！？\\n]{0,8}(?:满分|最高分|10\\s*分|5\\s*分)|(?:忽略|无视|忘记)[^。！？\\n]{0,10}(?:以上|上述|之前|前面|指令|指示)|(?:作为|尊敬的|亲爱的)(?:评分|评委|评审|裁判|评判)',
  '(?:満点|最高点|最高評価|10\\s*点|5\\s*点)[^。！？\\n]{0,8}(?:ください|与え|つけ|評価)|(?:上記|以前|これまで)[^。！？\\n]{0,10}(?:無視|忘れ)|(?:採点者|評価者|審査員)(?:として|の皆|へ|様)',
  '(?:만점|최고점|10\\s*점|5\\s*점)[^.!?\\n]{0,10}(?:주세요|줘|부여|매겨)|(?:위의|이전)[^.!?\\n]{0,10}(?:무시|잊)|(?:채점자|평가자|심사위원)(?:로서|님|에게)',
  // Arabic, Hindi
  '(?:أعطني|امنح|قيّم|قيم)[^.!؟\\n]{0,30}(?:10|5|١٠|الدرجة الكاملة|أعلى)|(?:تجاهل|انس)[^.!؟\\n]{0,30}(?:التعليمات|السابقة|أعلاه)',
  '(?:मुझे|इसे|इस उत्तर को)[^।.!?\\n]{0,30}(?:10|5|पूरे|अधिकतम)[^।.!?\\n]{0,15}(?:अंक|नंबर|दें|दो)|(?:उपरोक्त|पिछले)[^।.!?\\n]{0,20}(?:निर्देश)[^।.!?\\n]{0,20}(?:अनदेखा|नज़रअंदाज़)',
];
const speaking = new RegExp(signs.join('|'), 'iu');

/** Tags that nobody sees and models read: U+E0020 to U+E007E stand for ASCII. */
const hiddenText = /[\u{e0020}-\u{e007e}]{4,}/u;
const invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/gu;

/**
 * Whether an answer speaks to its judge (“score me 10”, “ignore the above”, “as a grader”, JSON with a score, hidden
 * text), in some twenty languages, also in look-alike widths or with invisible characters between. A sign, not a proof.
 */
export function speaksToJudge(answer: string): boolean {
  if (hiddenText.test(answer)) return true;
  return speaking.test(answer.replace(invisible, '').normalize('NFKC'));
}
