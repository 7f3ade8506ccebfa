/** Finding by name, as one types: words in any order, each found at the start of a word, inside one, or letter by letter. */

/** How well a name fits what was typed; 0: not at all. */
export function fits(typed: string, name: string): number {
  const lower = name.toLowerCase()
  let total = 1
  for (const word of typed.toLowerCase().split(/\s+/).filter((one) => one !== '')) {
    const at = lower.indexOf(word)
    const start = at === 0 || (at > 0 && !/[\p{L}\p{N}]/u.test(lower[at - 1]))
    const score = at < 0 ? (subsequence(word, lower) ? 0.1 : 0) : (start ? 3 : 1) + word.length / (lower.length + 1)
    if (!score) return 0
    total += score
  }
  return total
}

function subsequence(word: string, name: string): boolean {
  let at = 0
  for (const letter of word) {
    at = name.indexOf(letter, at) + 1
    if (at === 0) return false
  }
  return word.length > 1
}

/** The best `most`, best first; equal ones stay in their order. */
export function ranked<T extends { name: string }>(typed: string, all: readonly T[], most = 8): T[] {
  if (!typed.trim()) return all.slice(0, most)
  return all
    .map((one, at) => ({ one, at, score: fits(typed, one.name) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, most)
    .map(({ one }) => one)
}
