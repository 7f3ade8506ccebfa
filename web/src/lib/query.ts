/**
 * What a person types into the search, token by token: for completing it and for taking a condition away. What a query
 * means, only the server knows; it also says where each condition stands (in code points).
 */

export type Term = { key: string; values: string[]; op: string; negate: boolean; start: number; end: number }
export type Names = {
  keys: Record<string, string>
  choices: Record<string, string[]>
  tasks: string[]
  labels: Record<string, string[]>
  slices: string[]
  columns: string[]
  people: string[]
}
export type Completion = { text: string; shown: string; about: string }
export type Token = { start: number; end: number; text: string }

/** The tokens of a query, in UTF-16 units; a quote holds spaces together, even one that isn't closed yet. */
export function tokens(text: string): Token[] {
  const found: Token[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at])) {
      at++
      continue
    }
    const start = at
    let quoted = false
    while (at < text.length && (quoted || !/\s/.test(text[at]))) {
      if (quoted && text[at] === '\\') at++
      else if (text[at] === '"' && (quoted || at === start || /[-~:,]/.test(text[at - 1]))) quoted = !quoted
      at++
    }
    at = Math.min(at, text.length)
    found.push({ start, end: at, text: text.slice(start, at) })
  }
  return found
}

/** A value as it has to be written: in quotes where it holds a space, a comma or a quote. */
export const written = (value: string) =>
  /^[^\s,"]+$/.test(value) ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

/** What may stand where the cursor is: keys at the beginning of a token, values after `key:`. */
export function complete(text: string, caret: number, names: Names, task?: string, most = 9): { from: number; to: number; found: Completion[] } {
  const token = tokens(text).find((one) => one.start <= caret && caret <= one.end) ?? { start: caret, end: caret, text: '' }
  const typed = text.slice(token.start, caret)
  const key = /^-?([a-z]+):/i.exec(typed)
  if (!key) {
    const sign = typed.startsWith('-') ? '-' : ''
    const begun = typed.slice(sign.length).toLowerCase()
    if (begun === '' || /["~<>]/.test(begun)) return { from: token.start, to: token.end, found: [] }
    const found = Object.entries(names.keys)
      .filter(([name]) => name.startsWith(begun))
      .map(([name, about]) => ({ text: sign + name + (name === 'conf' || name === 'margin' ? '<' : ':'), shown: name + (name === 'conf' || name === 'margin' ? '<' : ':'), about }))
    return { from: token.start, to: token.end, found: found.slice(0, most) }
  }
  const comma = typed.includes('"') ? key[0].length - 1 : Math.max(typed.lastIndexOf(','), key[0].length - 1)
  const from = token.start + comma + 1
  const begun = typed.slice(comma + 1).replace(/^"/, '').toLowerCase()
  const found = rank(valuesOf(key[1].toLowerCase(), names, task ?? taskIn(text)), begun)
    .slice(0, most)
    .map((value) => ({ text: written(value), shown: value, about: key[1].toLowerCase() }))
  return { from, to: token.end, found: found.length === 1 && found[0].shown.toLowerCase() === begun ? [] : found }
}

/** The task that a query names. */
export const taskIn = (text: string) => /(?:^|\s)task:([^\s"]+)/.exec(text)?.[1]

function valuesOf(key: string, names: Names, task?: string): string[] {
  const labels = task && names.labels[task] ? names.labels[task] : [...new Set(Object.values(names.labels).flat())]
  switch (key) {
    case 'label':
    case 'pred':
    case 'second':
    case 'pair':
      return labels
    case 'slice':
      return names.slices
    case 'task':
      return names.tasks
    case 'by':
      return names.people
    default:
      return names.choices[key] ?? []
  }
}

/** Those that begin so first, then those that hold it. */
function rank(values: string[], begun: string): string[] {
  if (begun === '') return values
  const lower = values.map((value) => [value, value.toLowerCase()] as const)
  return [...lower.filter(([, low]) => low.startsWith(begun)), ...lower.filter(([, low]) => !low.startsWith(begun) && low.includes(begun))].map(([value]) => value)
}

/** The query without one of its conditions; offsets are code points, as the server gives them. */
export function without(text: string, term: Pick<Term, 'start' | 'end'>): string {
  const points = [...text]
  return [...points.slice(0, term.start), ...points.slice(term.end)].join('').replace(/\s+/g, ' ').trim()
}

/** The query with one more condition, in the place of another of the same key. */
export function withTerm(text: string, terms: Term[], key: string, condition: string): string {
  const old = terms.filter((term) => term.key === key).sort((a, b) => b.start - a.start)
  const rest = old.reduce((left, term) => without(left, term), text)
  return [rest, condition].filter((part) => part !== '').join(' ')
}

/** A condition as a chip says it. */
export function told(term: Term): string {
  const values = term.values.join(' or ')
  if (term.key === 'word') return values
  if (term.key === 'phrase') return `“${values}”`
  if (term.key === '~') return `like “${values}”`
  if (term.key === 'in') return 'selected on the map'
  if (term.key === 'pair') return `${term.values.join(' ↔ ')} mixed up`
  if (term.op !== ':') return `${term.key} ${term.op.replace('<=', '≤').replace('>=', '≥')} ${Math.round(1000 * Number(values)) / 10} %`
  return `${term.key}: ${values}`
}

/** Pieces of an excerpt and whether each is a match; marks are code-point offsets. */
export function pieces(text: string, marks: [number, number][]): { text: string; hit: boolean }[] {
  const points = [...text]
  const out: { text: string; hit: boolean }[] = []
  let at = 0
  for (const [start, end] of marks) {
    if (start > at) out.push({ text: points.slice(at, start).join(''), hit: false })
    out.push({ text: points.slice(start, end).join(''), hit: true })
    at = end
  }
  if (at < points.length) out.push({ text: points.slice(at).join(''), hit: false })
  return out
}
