/** The board: what the server sends, and how it is laid out. Figures and words are those of `adequate board`. */

import { count, plural } from './format'

export type Mark = 'adequate' | 'near' | 'open' | 'few' | 'inadequate' | 'regressed'
export type Cell = {
  key: string
  name: string
  task: string
  slice: string
  label: string | null
  metric: string
  n: number
  value: number | null
  low: number
  high: number
  target: number
  state: 'adequate' | 'inadequate' | 'unknown'
  mark: Mark
  sign: string
  to_go: string
  need: number | null
  room: number
  change: string | null
  before: number | null
  critical: boolean
  forecast: { labels: number; low: number; high: number } | null
}
export type Reach = { labels: number; low: number; high: number; settles: number; beyond: number }
export type Pace = { seconds: number | null; answers: number; people: number; a_day: number | null }
export type Money = { amount: number; currency: string; who?: string; at?: number } | null
export type Policy = { overlap: number; blind: boolean; suggestions: boolean; gold: number }
export type Model = { id: string; number: number; at: number; state: string }
export type Burn = {
  labels: { at: number[]; count: number[] }
  models: { number: number; at: number; labels: number; adequate: number; cells: number }[]
  cells: number
}
export type Board = {
  project: string
  model: Model | null
  baseline: Model | null
  labels: Record<'teach' | 'steer' | 'gate', number>
  examples: number
  tasks: { name: string; kind: string; sentence: string; learnable: boolean }[]
  slices: string[]
  cells: Cell[]
  next: { action: 'label' | 'run' | 'gate' | 'add' | 'declare' | 'done'; say: string; command: string; labels: number; cells: string[] }
  signs: Record<Mark, string>
  meaning: Record<Mark, string>
  forecast: Reach
  burn: Burn
  pace: Pace
  money: Money
  policies: Record<string, Policy>
  waiting: Record<string, number>
  current: boolean
  may: { change: boolean; mine: boolean; label: boolean }
}

/** From proven to worst: the order of the bar and of the filters. */
export const MARKS: Mark[] = ['adequate', 'near', 'open', 'few', 'inadequate', 'regressed']
export const tone = (mark: Mark) =>
  mark === 'adequate' ? 'good' : mark === 'near' ? 'unsure' : mark === 'open' || mark === 'few' ? 'quiet' : 'bad'

/** `.961` -> `96.1`, as the terminal has it: two figures, or three near the end. */
export function figure(value: number | null): string {
  if (value === null) return '–'
  const points = 100 * value
  return (points >= 1 && points < 95) || points === 0 || points === 100 ? points.toFixed(0) : points.toFixed(1)
}

/** Whether a cell is measured by a test, and needs no labels. */
export const isTest = (cell: Pick<Cell, 'metric'>) => !['accuracy', 'recall', 'precision'].includes(cell.metric)

/** The address of a cell; that of a test is on the screen of the tests. */
export const address = (cell: Pick<Cell, 'task' | 'slice' | 'metric' | 'label'>) =>
  '/' + (isTest(cell) ? ['tests', cell.task, cell.slice, cell.label ?? '', cell.metric] : ['board', cell.task, cell.slice, cell.metric, ...(cell.label === null ? [] : [cell.label])]).map(encodeURIComponent).join('/')

/** The cell that an address means: `['board', 'intent', 'all', 'recall', 'refund']` -> `intent/all/refund/recall`. */
export function keyAt(parts: string[]): string | null {
  const [, task, slice, metric, ...label] = parts
  return metric === undefined ? null : [task, slice, ...(label.length ? [label.join('/')] : []), metric].join('/')
}

/** How many cells have each mark. */
export function tally(cells: Cell[]): Record<Mark, number> {
  const found = Object.fromEntries(MARKS.map((mark) => [mark, 0])) as Record<Mark, number>
  for (const cell of cells) found[cell.mark] += 1
  return found
}

/** The server's words with figures grouped as on the rest of the page. */
export const words = (said: string) => said.replace(/(\d),(?=\d{3})/g, '$1\u2009').replace('; 0 left to ask', ': all that measure have one, so add data').replace(/^([\d\u2009]+) to decide/, (all, n: string) => (n === '1' ? '1 label to decide' : `${n} labels to decide`))

/** What is missing, in the width of a few figures; the whole words are in `to_go`. */
export function brief(cell: Cell): string {
  if (cell.state === 'adequate') return ''
  if (cell.to_go.startsWith('due')) return 'due'
  if (cell.need) return cell.need <= cell.room ? count(cell.need) : cell.room ? `>${count(cell.room)}` : 'data'
  return cell.forecast ? `≈${count(cell.forecast.labels)}` : '–'
}

/** The accuracy cells of a task, by slice, in the order of the columns. */
export const row = (board: Board, task: string): (Cell | undefined)[] =>
  board.slices.map((slice) => board.cells.find((cell) => cell.task === task && cell.slice === slice && cell.label === null))

export type LabelRow = { label: string; cells: Cell[]; mark: Mark }
export type Order = 'attention' | 'name' | 'value' | 'to go'
const RANK: Record<Mark, number> = { regressed: 0, inadequate: 1, near: 2, open: 3, few: 4, adequate: 5 }
/** The place of a mark when the worst come first; what has none comes last. */
export const worst = (mark: Mark | undefined) => (mark === undefined ? 6 : RANK[mark])

/** A line a label with its recall and precision; the mark of a line is that of its worst cell. Tests have a screen of their own. */
export function labelRows(cells: Cell[], order: Order = 'attention'): LabelRow[] {
  const by = new Map<string, Cell[]>()
  for (const cell of cells) if (cell.label !== null && ['recall', 'precision'].includes(cell.metric)) by.set(cell.label, [...(by.get(cell.label) ?? []), cell])
  const rows = [...by].map(([label, its]) => ({
    label,
    cells: its,
    mark: its.map((cell) => cell.mark).sort((a, b) => worst(a) - worst(b))[0],
  }))
  const least = (one: LabelRow) => Math.min(...one.cells.map((cell) => cell.value ?? 2))
  const need = (one: LabelRow) => Math.max(...one.cells.map((cell) => (cell.state === 'adequate' ? -1 : (cell.need ?? cell.forecast?.labels ?? 1e9))))
  if (order === 'name') return rows.sort((a, b) => a.label.localeCompare(b.label))
  if (order === 'value') return rows.sort((a, b) => least(a) - least(b))
  if (order === 'to go') return rows.sort((a, b) => need(a) - need(b))
  return rows.sort((a, b) => worst(a.mark) - worst(b.mark) || need(a) - need(b))
}

/** Keys of the cells whose state or value is another than before. */
export function moved(before: Cell[], after: Cell[]): Set<string> {
  const was = new Map(before.map((cell) => [cell.key, cell]))
  return new Set(
    after
      .filter((cell) => {
        const old = was.get(cell.key)
        return old !== undefined && (old.mark !== cell.mark || old.value !== cell.value || old.target !== cell.target)
      })
      .map((cell) => cell.key),
  )
}

export type Box = { left: number; top: number; width: number; height: number }
export type Way = 'left' | 'right' | 'up' | 'down'

/** The box to go to from another one: the nearest in that direction, by how far it is and how far aside; -1 at the edge. */
export function beside(boxes: Box[], from: number, way: Way): number {
  if (boxes.length === 0) return -1
  if (from < 0) return 0
  const middle = (box: Box) => ({ x: box.left + box.width / 2, y: box.top + box.height / 2 })
  const at = middle(boxes[from])
  const across = way === 'left' || way === 'right'
  const sign = way === 'right' || way === 'down' ? 1 : -1
  let best = -1
  let least = Infinity
  boxes.forEach((box, index) => {
    if (index === from) return
    const to = middle(box)
    const ahead = sign * (across ? to.x - at.x : to.y - at.y)
    const aside = Math.abs(across ? to.y - at.y : to.x - at.x)
    if (ahead <= 1) return
    // Beside first: what lies straight ahead is nearer than what lies askew.
    const far = ahead + 3 * Math.max(0, aside - (across ? box.height : box.width) / 2)
    if (far < least) {
      least = far
      best = index
    }
  })
  return best
}

/** What a turning cycle is at, as a line: `cycle 3: embedding`. */
export function turns(at: Record<string, unknown>): string {
  const what = String(at.what || at.step || 'turning')
  return what.startsWith('cycle ') ? what : `${at.cycle ? `cycle ${String(at.cycle)}` : 'a cycle'}: ${what}`
}

/** The next best thing to do; while a cycle turns, "go on with it" is being done already. */
export function nextSays(board: Pick<Board, 'next' | 'model'>, turning: boolean): string {
  if (!turning || board.next.action !== 'run') return board.next.say
  return board.model ? 'A cycle is turning: the board follows by itself.' : 'The first model is being made and tested. Its figures come here by themselves.'
}

/** How tasks and slices are laid out: one task with many slices as cards, many of both with the slices as lines. */
export const layout = (tasks: number, slices: number): 'table' | 'cards' | 'lines' => (slices <= 6 ? 'table' : tasks === 1 ? 'cards' : 'lines')

/** Where a cell stands, in words, each said once: `876 labels to decide`, `too few labels to tell: about 300 (150-600)`. */
export function stands(cell: Pick<Cell, 'mark' | 'to_go'>, meaning: string): string {
  if (cell.to_go && (cell.mark === 'near' || cell.to_go === meaning)) return words(cell.to_go)
  return cell.to_go ? `${meaning}: ${words(cell.to_go)}` : meaning
}

/** Why there are no figures yet, and what brings the first. */
export function unmeasured({ labels }: Pick<Board, 'labels'>): string {
  if (labels.teach + labels.steer + labels.gate === 0) return 'Nothing is labelled yet. The first answers make the first model; some of them measure it.'
  return `Nothing is measured yet: the first model learns from ${plural(labels.teach, 'label')}, and is tested on ${labels.gate ? plural(labels.gate, 'label') : 'labels'} that it never sees.`
}
