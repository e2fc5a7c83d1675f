/** The word, if it is one of those that are known: what stands in an address may be anything. */
export function oneOf<const T extends string>(words: readonly T[], word: string): T | undefined {
  return words.find((candidate) => candidate === word);
}
