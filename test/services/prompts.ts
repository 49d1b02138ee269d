/** Short prompts that a very small model answers with a few words or sentences. */
export const shortPrompts = [
  'Name three colours.',
  'What is the capital of France?',
  'Write one sentence about the sea.',
  'How many days does a week have?',
  'Say good morning in three languages.',
  'What is water made of?',
  'Complete: once upon a time',
  'Give me a name for a cat.',
  'Why is the sky blue?',
  'What does a baker do?',
  'Translate to Spanish: thank you very much',
  'Write a JavaScript function that adds two numbers.',
];

/** Some 3,000 tokens: more than either server has room for. */
export const endlessPrompt = `Count these words: ${'word '.repeat(3000)}`;
