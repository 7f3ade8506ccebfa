/** What is asked and answered: values of every kind of task in words, the options in the order in which they are offered. */
import type { Span } from './spans'

export type Value = string | string[] | Span[] | null
/** What a model holds likely, or what an assertion does: `source` is then `rule`, `model` its name, and nobody says how sure it is. */
export type Suggestion = { label: string | string[]; confidence?: number; second?: string | null; second_confidence?: number; model?: string; source?: 'rule' }
export type Item = {
  id: number
  example: string
  text: string | null
  why: string
  cell: string
  part?: string
  suggestion?: Suggestion
  comments: number
  rev: number
  alone: boolean
  value?: Value
  by?: string
}
export type Cell = { cell: string; waiting: number; answered: number }
export type Task = {
  task: string
  kind: 'classify' | 'multilabel' | 'span' | 'score'
  mode: 'choose' | 'multi' | 'spans' | 'pairs'
  labels: string[]
  open: boolean
  waiting: number
  cells: Cell[]
  pace: number | null
  blind: boolean
  overlap: number
  suggestions: boolean
  disputed: number
}
export type Conflict = { value: Value; by: string; at: number; seq: number }

export const DIGITS = 9

/** The labels that a suggestion holds likely, most likely first. */
export const likely = (suggestion: Suggestion | undefined): string[] =>
  suggestion ? [...[suggestion.label].flat(), ...(suggestion.second ? [suggestion.second] : [])] : []

/**
 * The options of a question. Up to nine labels always stand in the task's own order, so that a finger learns its digit;
 * of more the likely ones come first, then those used lately, then the rest.
 */
export function options(labels: string[], suggestion: Suggestion | undefined, recent: string[] = []): string[] {
  if (labels.length <= DIGITS) return labels
  const known = new Set(labels)
  return [...new Set([...likely(suggestion), ...recent, ...labels])].filter((label) => known.has(label))
}

/** The labels that fit what is typed: those that begin so, those with a word that begins so, those that hold it. */
export function fitting(labels: string[], typed: string): string[] {
  const wanted = fold(typed)
  if (!wanted) return labels
  const rank = (label: string) => {
    const name = fold(label)
    if (name.startsWith(wanted)) return 0
    if (name.split(/[\s_\-/.]+/).some((word) => word.startsWith(wanted))) return 1
    return name.includes(wanted) ? 2 : 3
  }
  return labels.filter((label) => rank(label) < 3).sort((a, b) => rank(a) - rank(b))
}

const fold = (text: string) => text.trim().toLowerCase().replace(/\s+/g, ' ')

/** A value in words, for lists. */
export function words(value: Value): string {
  if (value === null) return 'nothing'
  if (typeof value === 'string') return value
  if (value.length === 0) return 'none of them'
  if (typeof value[0] === 'string') return (value as string[]).join(', ')
  const counts = new Map<string, number>()
  for (const span of value as Span[]) counts.set(span.label, (counts.get(span.label) ?? 0) + 1)
  return [...counts].map(([label, n]) => (n > 1 ? `${n} ${label}` : label)).join(', ')
}

/** Two people's sets of labels as one. */
export const merged = (values: string[][]): string[] => [...new Set(values.flat())]

/** How far the questions of a cell are: `12 of 40`. */
export const progress = (cells: Cell[], cell: string) => {
  const found = cells.find((one) => one.cell === cell)
  return found && { done: found.answered, of: found.answered + found.waiting }
}

/** A cell in words: `Category/short/accuracy` -> `short`; "" is of no cell in particular. */
export function cellName(cell: string, task: string): string {
  const parts = cell.split('/')
  if (parts[0] !== task) return cell
  const [, slice, ...rest] = parts
  const metric = rest.pop()
  return [slice === 'all' ? '' : slice, rest.join('/'), metric === 'accuracy' ? '' : metric].filter(Boolean).join(' · ') || 'all'
}
