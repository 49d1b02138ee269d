import { hash32, keyedRandom } from './random.ts';

/** How much of a vector of a model without any skill is noise. */
const noiseShare = 0.8;

/**
 * A unit vector for a text: the same for the same text and model on every machine. Words and the threes of letters in
 * them are hashed to dimensions and signs (feature hashing, Weinberger et al. 2009), so that texts which share words
 * lie near each other; noise, the more the less skilled the model is, keeps models apart.
 */
export function embeddingOf(
  text: string,
  { model, skill, dimensions }: { readonly model: string; readonly skill: number; readonly dimensions: number },
): Float32Array {
  const vector = new Float64Array(dimensions);
  for (const [feature, weight] of features(text)) {
    const hash = hash32(feature, 0xe3b);
    const at = hash % dimensions;
    vector[at] = (vector[at] ?? 0) + (hash & 0x40000000 ? weight : -weight);
  }
  scale(vector);
  const random = keyedRandom(hash32(model, 0xe3b), hash32(text, 1), hash32(text, 2));
  const noise = scale(Float64Array.from({ length: dimensions }, () => random() - 0.5));
  const share = noiseShare * (1 - skill);
  for (let at = 0; at < dimensions; at += 1) {
    vector[at] = (1 - share) * (vector[at] ?? 0) + share * (noise[at] ?? 0);
  }
  // A text without a single word or letter is nothing but its noise.
  return Float32Array.from(scale(vector.some((value) => value !== 0) ? vector : noise));
}

/** The vector as OpenAI sends it in base64: 32-bit floats, the lowest byte first. */
export function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
}

function* features(text: string): Generator<readonly [feature: string, weight: number], void, undefined> {
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    yield [`w ${word}`, 1];
    const padded = ` ${word} `;
    for (let at = 0; at + 3 <= padded.length; at += 1) yield [`g ${padded.slice(at, at + 3)}`, 0.3];
  }
}

/** Scales to length 1 in place; nothing to scale stays as it is. */
function scale(vector: Float64Array): Float64Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (length > 0) for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) / length;
  return vector;
}
