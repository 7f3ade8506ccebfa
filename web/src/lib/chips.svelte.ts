/** Chips of examples: each is asked for once, and again when somebody says something of it. */
import { get } from './api'

export type Chip = { id: string; part: string; sealed: boolean; text: string | null; labels: Record<string, { value: unknown }> }

const known = $state<Record<string, Chip | 'asked' | 'unknown'>>({})

/** The chip of an example, once it is there. */
export function chip(id: string): Chip | 'asked' | 'unknown' {
  return known[id] ?? 'asked'
}

/** Ask for a chip, unless it is known (in `$effect`). */
export function want(id: string) {
  if (known[id] !== undefined) return
  known[id] = 'asked'
  get<Chip>(`/examples/${encodeURIComponent(id)}/chip`).then(
    (found) => (known[id] = found),
    () => (known[id] = 'unknown'),
  )
}

/** What an example is, in words. */
export const said = (value: unknown): string =>
  Array.isArray(value)
    ? value.map((one) => (typeof one === 'object' && one !== null ? String((one as { label: unknown }).label) : String(one))).join(', ') || 'none'
    : value === null || value === undefined ? '–' : String(value)
