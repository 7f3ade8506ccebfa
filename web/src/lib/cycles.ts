/** Two models side by side: what the server sends, and how it is said. */

export type Brief = { id: string; number: number; state: string; at: number }
export type Turned = { cycle: number; started: number; seconds: number | null; model: string | null; outcome: string | null; reasons: string[]; asked: number }
export type Decision = { to: 'accepted' | 'rejected'; who: string; why: string; at: number }
export type ModelRow = Brief & {
  parent: string | null
  parent_number: number | null
  labels: number
  new_labels: number
  tasks: string[]
  cycle: Turned | null
  cells: Partial<Record<'adequate' | 'inadequate' | 'unknown', number>>
  decided: Decision | null
}
export type Cycles = { baseline: string | null; models: ModelRow[]; without: Turned[]; may: { decide: boolean; gate: boolean } }
export type Flip = { example: string; text: string; gold: string; was: string; now: string; confidence: number }
export type Word = { actor: string; source: string; at: number; taught: boolean }
export type Near = { example: string; text: string; label: string; similar: number; actor: string; source: string; at: number }
export type Split = { unseen: number; taught: number }
export type TaskFlips = {
  task: string
  labelled: number
  unseen: number
  answers: number
  moved: number
  fixed: Split
  broke: Split
  p: number | null
  slices: { slice: string; fixed: number; broke: number }[]
  pairs: { gold: string; taken_for: string; broke: number; fixed: number }[]
  examples: { broke: Flip[]; fixed: Flip[] }
  nearest: Near[][]
  who: { broke: Word[]; fixed: Word[] }
}
type Measure = { value: number | null; low: number; high: number; state: string; n: number }
export type CellChange = { key: string; task: string; slice: string; label: string; metric: string; target: number; change: string | null; critical: boolean; was: Measure; now: Measure }
export type Look = { verdict: string; reasons: string[]; at: number; alpha: number; by: string; gate_labels: Record<string, number> | null }
export type Attempt = { cell: string; n: number; spent: number; adequate: boolean }
export type Cycle = {
  a: Brief
  b: Brief
  new_labels: number
  cycle: Turned | null
  tasks: TaskFlips[]
  cells: CellChange[]
  looks: Look[]
  attempts: Attempt[]
  baseline: string | null
  falls_to: Brief | null
  decided: Decision | null
  may: { decide: boolean; gate: boolean }
}
export type Verdict = { verdict: string; reasons: string[]; ask: Record<string, number>; expected_labels: number; looks: number; cells: { cell: string; lost: number; won: number; change: string }[] }

/** The two models of an address, `/cycles/12..13`; null where it names none. */
export function pairAt(part: string | undefined): [string, string] | null {
  const found = /^(.+)\.\.(.+)$/.exec(part ?? '')
  return found ? [found[1], found[2]] : null
}

/** What the count of losses and wins says, in words. */
export function surprise(lost: number, won: number, p: number | null): string {
  if (p === null) return 'no example that neither model learned from changed'
  const shown = p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`
  if (p <= 0.05) return `more losses than chance (${shown})`
  return lost <= won ? `no sign of a loss (${shown})` : `within chance (${shown})`
}

/** Of a heat list, how strong each bar is: the most is 1. */
export const most = (pairs: TaskFlips['pairs']) => Math.max(1, ...pairs.map((pair) => Math.max(pair.broke, pair.fixed)))
