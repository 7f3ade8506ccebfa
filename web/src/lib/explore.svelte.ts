/** What explore's parts share: shapes of answers, what is selected, and the searches that somebody kept. */
import { SvelteSet } from 'svelte/reactivity'
import { post } from './api'
import type { Term } from './query'

export type Said = { label: string | string[]; confidence: number }
export type Hit = {
  id: string
  row: number
  text: string
  cut: [boolean, boolean]
  marks: [number, number][]
  part: string
  labels: Record<string, unknown>
  predictions: Record<string, Said>
  /** Of a model that hadn't seen the label, where the search is about what is mixed up. */
  unseen?: Said
  why: string[]
}
export type Page = { q: string; terms: Term[]; total: number; exact: boolean; sealed: number | null; task: string | null; after: string; hits: Hit[] }
export type Pair = { a: string; b: string; wrong: number; unsure: number }
export type Confusion = { task: string | null; pairs: Pair[]; labelled: number; wrong: number }
export type Kept = { key: string; total: number; sealed: number; parts: Record<string, number> }
export type Suspect = Hit & {
  given: string | string[]
  likelier: string | string[]
  likely: boolean
  score: number
  own: number | null
  other: number | null
  why: string[]
  options: (string | string[])[]
  copy: (Hit & { label: string | string[] }) | null
}
export type Suspects = { task: string | null; total: number; by: Record<string, number>; suspects: Suspect[]; asked: boolean }

/** A label, labels or spans in words. */
export function worded(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (!Array.isArray(value)) return typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (value.length === 0) return 'none'
  return value.map((one) => (typeof one === 'object' && one !== null ? String((one as { label?: unknown }).label) : String(one))).join(', ')
}

/** Whether two labels are the same, whatever the order of a set. */
export const same = (a: unknown, b: unknown) =>
  Array.isArray(a) && Array.isArray(b) ? [...a].sort().join('\0') === [...b].sort().join('\0') : a === b

/** What is selected: rows that were ticked, or everything that the query finds. */
export class Picked {
  rows = new SvelteSet<number>()
  everything = $state(false)
  #from = -1

  has = (row: number) => this.everything || this.rows.has(row)
  size = (total: number) => (this.everything ? total : this.rows.size)

  toggle(row: number, index: number) {
    if (this.everything) this.clear()
    else if (!this.rows.delete(row)) this.rows.add(row)
    this.#from = index
  }
  /** All from the last one ticked to this one. */
  range(rows: number[], index: number) {
    const from = this.#from < 0 ? index : this.#from
    for (let at = Math.min(from, index); at <= Math.max(from, index); at++) this.rows.add(rows[at])
    this.#from = index
  }
  clear() {
    this.rows.clear()
    this.everything = false
    this.#from = -1
  }
  /** Keep it on the server, where queries and bulk operations find it by its key. */
  keep = (q: string): Promise<Kept> => post<Kept>('/selections', this.everything ? { q } : { rows: [...this.rows] })
}

const KEY = 'adequate|searches'
type Searches = { saved: string[]; recent: string[] }

function read(): Searches {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Searches>
    return { saved: found.saved ?? [], recent: found.recent ?? [] }
  } catch {
    return { saved: [], recent: [] }
  }
}

/** Searches of this browser: those that were starred, and the last eight. */
export const searches = $state<Searches>(read())

const write = () => localStorage.setItem(KEY, JSON.stringify(searches))
export function remember(q: string) {
  if (q === '' || /\bin:/.test(q)) return
  searches.recent = [q, ...searches.recent.filter((one) => one !== q)].slice(0, 8)
  write()
}
export function star(q: string) {
  searches.saved = searches.saved.includes(q) ? searches.saved.filter((one) => one !== q) : [q, ...searches.saved].slice(0, 30)
  write()
}
