/** The labels of a task, as the server tells them; what a change would do, in words. */
import { worst, type LabelRow } from './board'
import { count, plural } from './format'

export type Label = { label: string; teach: number; steer: number; gate: number; waiting: number }
export type Change = { seq: number; by: string; at: number; why: string; change: string; said: string; n: number; undone: boolean; of?: number; asked?: number }
export type Schema = {
  task: string
  kind: string
  open: boolean
  model: string | null
  rev: number
  undo: number | null
  labels: Label[]
  kept: { label: string; n: number }[]
  total: { teach: number; steer: number; gate: number }
  renamed: Record<string, string | null>
  history: Change[]
}
export type Predicted = { model: string | null; total: number; labels: Record<string, number> }
export type Kind = 'add' | 'rename' | 'merge' | 'split' | 'retire'
export type Preview = {
  said: string
  labels: string[]
  before: string[]
  examples: number
  withdrawn: number
  by_part: { teach: number; steer: number; gate: number }
  waiting: number
  cells: string[]
  targets: string[]
  slices: string[]
  models: number
  fixed: boolean
  ask: { all: number; doubtful: number[]; gate: number }
}
export type Body = Record<string, unknown>

/** What somebody filled in, as the operation takes it; null while something is missing. */
export function asked(kind: Kind, form: { labels: string[]; to: string; into: string; withdraw: boolean }): Body | null {
  const [label] = form.labels
  const to = form.to.trim()
  const into = lines(form.into)
  if (kind === 'add') return to ? { label: to } : null
  if (!label) return null
  if (kind === 'rename') return to && to !== label ? { label, to } : null
  if (kind === 'merge') return to && new Set([...form.labels, to]).size > 1 ? { labels: form.labels, into: to } : null
  if (kind === 'split') return into.length > 1 ? { label, into, withdraw: form.withdraw } : null
  return { label, withdraw: form.withdraw }
}

/** One name a line, or between commas. */
export const lines = (text: string): string[] => [...new Set(text.split(/[\n,]/).map((one) => one.trim()).filter((one) => one !== ''))]

/** What a change would do, one sentence each; what asks for care begins with `!`. */
export function consequences(kind: Kind, preview: Preview): string[] {
  const said: string[] = []
  const parts = Object.entries(preview.by_part).filter(([, n]) => n > 0).map(([part, n]) => `${count(n)} ${part}`)
  const read = preview.examples - preview.withdrawn
  if (read > 0) said.push(`${plural(read, 'current label')} will read otherwise (${parts.join(', ')}); each keeps where it came from and its history.`)
  if (preview.withdrawn > 0) said.push(`${plural(preview.withdrawn, 'current label')} will be taken back (${parts.join(', ')}); the history stays.`)
  if (preview.examples === 0 && kind !== 'add') said.push('No current label changes.')
  if (preview.waiting > 0) said.push(`${plural(preview.waiting, 'waiting question')} will follow.`)
  if (preview.targets.length) said.push(`${plural(preview.targets.length, 'target')} of a cell ${kind === 'rename' || kind === 'merge' ? 'will follow' : 'will wait without effect'}: ${preview.targets.join(', ')}.`)
  if (preview.cells.length)
    said.push(kind === 'rename' ? `${plural(preview.cells.length, 'cell')} keep what was measured.` : `! ${plural(preview.cells.length, 'cell')} will be measured anew: ${some(preview.cells)}.`)
  if (preview.slices.length) said.push(`! ${plural(preview.slices.length, 'slice')} name it in their SQL and will not follow: ${preview.slices.join(', ')}.`)
  if (preview.models) said.push(kind === 'rename' || kind === 'merge' ? `${plural(preview.models, 'model')} will be understood by the new name until the next cycle.` : `${plural(preview.models, 'model')} don’t know the new names; the next cycle learns them.`)
  if (kind === 'split' && preview.ask.gate > 0) said.push(`! ${plural(preview.ask.gate, 'sealed example')} must be asked again, or the gate measures without them.`)
  if (kind === 'retire' && preview.by_part.gate > 0) said.push(`! ${plural(preview.by_part.gate, 'sealed label')} will no longer measure anything.`)
  if (preview.fixed) said.push('! The labels will be those listed from now on; until now they were whatever the data has.')
  return said
}

const some = (all: string[]) => all.slice(0, 4).join(', ') + (all.length > 4 ? ` and ${all.length - 4} more` : '')

export type Order = 'declared' | 'name' | 'labels' | 'waiting' | 'predicted' | 'state'
/** Of a label, its cells on everything as the board has them; the mark is that of the worst. */
export type Marks = Map<string, LabelRow>
export const total = (label: Label): number => label.teach + label.steer + label.gate

/** The labels that a search finds, in an order. */
export function shown(labels: Label[], by: Order, words: string, marks: Marks, predicted?: Predicted): Label[] {
  const found = labels.filter((one) => one.label.toLowerCase().includes(words.trim().toLowerCase()))
  const key: Record<Order, (label: Label) => number | string> = {
    declared: () => 0,
    name: (one) => one.label.toLowerCase(),
    labels: (one) => -total(one),
    waiting: (one) => -one.waiting,
    predicted: (one) => -(predicted?.labels[one.label] ?? 0),
    state: (one) => worst(marks.get(one.label)?.mark),
  }
  return found.map((one) => ({ one, at: key[by](one) })).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ one }) => one)
}
