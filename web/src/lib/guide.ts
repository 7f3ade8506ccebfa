/** The guide of a task, as the server tells it; joining what two people wrote at once. */

export type Section = { id: string; title: string; markdown: string; place: number; rev: number; by: string; at: number; label: string | null }
export type Decision = { seq: number; by: string; at: number; text: string; label: string | null; question: string | null; example: string | null }
export type Guide = { task: string; rev: number; sections: Section[]; labels: { label: string; section: string | null }[]; decisions: Decision[] }
export type Question = { seq: number; example: string; text: string; by: string; at: number }
export type Affected = Record<string, { n: number; waiting: number }>

/** What a label's section begins as. */
export const TEMPLATE = '**What it means.** \n\n**Includes**\n- \n\n**Excludes**\n- '
export const ofLabel = (label: string) => `label:${label}`

/** Sections that are the guide's own, and those of labels by label. */
export function sorted(guide: Guide) {
  const held = new Map(guide.sections.filter((one) => one.label !== null).map((one) => [one.label!, one]))
  const known = new Set(guide.labels.map((one) => one.label))
  return {
    own: guide.sections.filter((one) => one.label === null),
    defined: guide.labels.flatMap((one) => held.get(one.label) ?? []),
    missing: guide.labels.filter((one) => !held.has(one.label)).map((one) => one.label),
    old: guide.sections.filter((one) => one.label !== null && !known.has(one.label)), // of labels no longer offered
  }
}

/** A new name for a section, from its title. */
export function named(title: string, taken: string[]): string {
  const base = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '').slice(0, 80) || 'section'
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? base : `${base}-${n}`
    if (!taken.includes(name)) return name
  }
}

export type Piece = { kind: 'same' | 'mine' | 'theirs'; lines: string[] }

/** The lines of two texts in one order: what both have, what only one has. */
export function compared(mine: string, theirs: string): Piece[] {
  const a = mine.split('\n')
  const b = theirs.split('\n')
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1
  const x = a.slice(head, a.length - tail)
  const y = b.slice(head, b.length - tail)
  const pieces: Piece[] = []
  const add = (kind: Piece['kind'], line: string) => {
    const last = pieces.at(-1)
    if (last?.kind === kind) last.lines.push(line)
    else pieces.push({ kind, lines: [line] })
  }
  for (const line of a.slice(0, head)) add('same', line)
  if (x.length * y.length > 1_000_000) {
    for (const line of y) add('theirs', line)
    for (const line of x) add('mine', line)
  } else {
    const longest = Array.from({ length: x.length + 1 }, () => new Uint16Array(y.length + 1))
    for (let i = x.length - 1; i >= 0; i -= 1)
      for (let j = y.length - 1; j >= 0; j -= 1) longest[i][j] = x[i] === y[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1])
    let i = 0
    let j = 0
    while (i < x.length || j < y.length) {
      if (i < x.length && j < y.length && x[i] === y[j]) {
        add('same', x[i])
        i += 1
        j += 1
      } else if (j < y.length && (i === x.length || longest[i][j + 1] >= longest[i + 1][j])) add('theirs', y[j++])
      else add('mine', x[i++])
    }
  }
  if (tail) for (const line of a.slice(a.length - tail)) add('same', line)
  return pieces
}

/** Both texts in one: nothing of either is lost. */
export const joined = (mine: string, theirs: string): string => compared(mine, theirs).flatMap((piece) => piece.lines).join('\n')
