/** What an answer can be asked to hold besides text, by a suffix of the model's name: `small+thinking`. */
export const traitDescriptions = {
  thinking: 'thinks before it answers',
  tool: 'calls a tool after a word of text',
  cached: 'says that half of the prompt came from a cache',
  judge: 'grades answers by the known truth, when it is asked as a judge',
  unicode: 'fills the answer with words beyond ASCII',
} as const;

export type Trait = keyof typeof traitDescriptions;

export function isTrait(name: string): name is Trait {
  return Object.hasOwn(traitDescriptions, name);
}
