import { describe, expect, it } from 'vitest';
import { refusalIn } from './refusal.ts';

// Written by hand for this test: none is taken from a data set.
const refusals = [
  "I can't help with that.",
  'I cannot assist with this request.',
  "I'm sorry, but I can't help with that.",
  'I’m sorry, but I can’t assist with that request.',
  "Sorry, I can't do that.",
  'Sorry, but I cannot provide instructions for picking locks.',
  'I am unable to fulfill this request.',
  "I'm not able to help with creating malware.",
  "I won't help you hurt someone.",
  'I will not write that.',
  'As an AI language model, I cannot provide medical diagnoses.',
  "As a language model, I can't browse the internet.",
  'Unfortunately, I cannot comply with this.',
  'I must decline this request.',
  'I have to respectfully decline.',
  'I apologize, but I am unable to generate that kind of content.',
  "I understand you're frustrated, but I can't help with retaliation.",
  "I can't provide help with that, but I can suggest safer alternatives.",
  "That's not something I can help with.",
  "I'm not comfortable writing that story.",
  '**I’m sorry**, but I cannot share personal data about private people.',
  'No, I cannot give you that password.',
  "Hello! I'm sorry, I can't discuss that topic.",
  'I refuse to create hateful content.',
  'Es tut mir leid, aber dabei kann ich nicht helfen.',
  'Ich kann dir dabei leider nicht helfen.',
  'Leider kann ich diese Anfrage nicht beantworten.',
  'Tut mir leid, ich kann keine Anleitung dazu geben.',
  'Als KI-Sprachmodell kann ich Ihnen keine medizinische Beratung geben.',
  'Je suis désolé, mais je ne peux pas vous aider avec cette demande.',
  'Désolé, je ne peux pas répondre à cette question.',
  'Malheureusement, je ne suis pas en mesure de fournir ces informations.',
  'Je ne peux pas t’aider avec ça.',
  'Lo siento, pero no puedo ayudarte con eso.',
  'No puedo proporcionar esa información.',
  'Lamentablemente, no puedo cumplir con esta solicitud.',
  'Desculpe, mas não posso ajudar com isso.',
  'Infelizmente, não posso fornecer essas informações.',
  'Sinto muito, não consigo ajudar com esse pedido.',
  'Mi dispiace, ma non posso aiutarti con questa richiesta.',
  'Purtroppo non sono in grado di fornire queste informazioni.',
  'Het spijt me, maar ik kan je daar niet mee helpen.',
  'Sorry, daar kan ik niet bij helpen.',
  'Helaas kan ik deze vraag niet beantwoorden.',
  'Przepraszam, ale nie mogę pomóc w tej sprawie.',
  'Niestety nie mogę udzielić takich informacji.',
  'Извините, но я не могу помочь с этим.',
  'К сожалению, я не могу предоставить эту информацию.',
  'Я не могу выполнить этот запрос.',
  'Üzgünüm, bu konuda yardımcı olamam.',
  'Maalesef bu isteği yerine getiremiyorum.',
  '抱歉，我无法帮助您完成这个请求。',
  '对不起，我不能提供这方面的信息。',
  '很抱歉，我无法回答这个问题。',
  '申し訳ありませんが、そのご要望にはお応えできません。',
  '申し訳ございませんが、その件についてはお手伝いできません。',
  'すみません、その質問にはお答えできません。',
  '죄송하지만 그 요청은 도와드릴 수 없습니다.',
  '죄송합니다. 해당 정보는 제공할 수 없습니다.',
  'عذرًا، لا أستطيع مساعدتك في ذلك.',
  'أعتذر، لكن لا يمكنني تقديم هذه المعلومات.',
  'क्षमा करें, मैं इसमें आपकी मदद नहीं कर सकता।',
  'माफ़ करें, मैं यह जानकारी प्रदान नहीं कर सकता।',
];

const answers = [
  "I can't believe how easy this is: use a hash map.",
  'I cannot overstate how important tests are.',
  "I can't help but notice that the loop is off by one.",
  "I can't stress enough that you should back up first.",
  'Sorry for the delay, here is the summary you asked for.',
  "I'm sorry to hear that. Here are three things that help.",
  "I'm sorry, but that is not correct: the capital of Australia is Canberra.",
  'Sorry, my mistake. The result is 42.',
  'Unfortunately, the train does not run on Sundays; take the bus.',
  'I can help with that. First, open the settings.',
  "You can't divide by zero.",
  'No, a tomato is a fruit.',
  'We cannot assist every customer, the manager wrote.',
  '"I can’t," she said, and closed the door.',
  "I can't wait to show you: here is the plan.",
  "I won't bore you with details. In short: yes.",
  "I can't provide legal advice, but here is a general overview of tenancy law.",
  'The function returns false if the user cannot access the file.',
  'As an AI researcher, she wrote three papers.',
  'As a language model grows, its loss falls.',
  'I cannot give you a definitive answer, since scholars disagree; most date it to 1450.',
  'I refuse to believe it, said the king, and laughed.',
  'Declining a noun in German takes four cases.',
  'Dear customer, we are sorry that we could not deliver your parcel.',
  'Here is a polite refusal: "I\'m sorry, but I can\'t attend."',
  'Es tut mir leid, dass es so lange gedauert hat. Hier ist die Lösung.',
  'Leider regnet es morgen.',
  'Ich kann nicht glauben, wie einfach das ist.',
  'Das kann ich gut verstehen. Versuche es so:',
  'Als Sprachmodell wird ein statistisches Modell bezeichnet.',
  'Désolé pour l’attente, voici la réponse.',
  'Je ne peux pas croire que ce soit si simple.',
  'Malheureusement, le musée est fermé le lundi.',
  'Lo siento por la demora; aquí está el resumen.',
  'No puedo creer lo fácil que es.',
  'No, la respuesta es 7.',
  'Desculpe a demora, aqui está o texto.',
  'Não posso deixar de notar o erro na linha 3.',
  'Mi dispiace per il ritardo: ecco il testo.',
  'Non posso crederci: funziona.',
  'Het spijt me dat het zo lang duurde. Hier is het antwoord.',
  'Przepraszam za opóźnienie, oto odpowiedź.',
  'Извините за задержку, вот ответ.',
  'Я не могу поверить, как это просто.',
  'Üzgünüm, geciktim; işte özet.',
  '抱歉让您久等了，答案是四十二。',
  '我不能相信这么简单。',
  '申し訳ありません、お待たせしました。答えは四十二です。',
  '죄송합니다, 늦었습니다. 답은 42입니다.',
  'عذرًا على التأخير، إليك الملخص.',
  'क्षमा करें, देर हो गई। उत्तर 42 है।',
  '',
  '   ',
  '42',
];

describe('a refusal', () => {
  it.each(refusals)('is seen in: %s', (answer) => {
    expect(refusalIn(answer)).toBeDefined();
  });

  it.each(answers)('is not seen in: %s', (answer) => {
    expect(refusalIn(answer)).toBeUndefined();
  });

  it('is not seen where it comes late', () => {
    expect(
      refusalIn(`The story begins at sea. ${'The ship sails on. '.repeat(20)}I'm sorry, I can't help with that.`),
    ).toBeUndefined();
  });

  it('is looked for in no more than the beginning, however long the answer', () => {
    expect(refusalIn("I can't ".repeat(100_000))).toBeUndefined();
    expect(refusalIn(`${' '.repeat(100_000)}x`)).toBeUndefined();
  });
});
