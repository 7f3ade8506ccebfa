/** One example, as the server tells it; its history in words. */
import { percent } from './format'

export type Prediction = { model: string; number: number; at: number; state: string; task: string; label: unknown; confidence: number }
export type Said = {
  seq: number
  by: string
  at: number
  kind: string
  task: string
  source: string
  why: string
  policy: string
  guide: number | null
  value: unknown
  saw: unknown
  body: Record<string, unknown>
}
export type Short = { id: string; text: string | null; sealed?: boolean; part?: string }
export type Example = {
  id: string
  row: number
  part: string
  sealed: boolean
  text: string | null
  characters?: number
  columns: Record<string, string | number | boolean | null>
  group: Short[]
  group_size: number
  predictions: Prediction[]
  labels: Record<string, { value: unknown; source: string; seq: number }>
  tasks: { task: string; kind: string; labels: string[] }[]
  history: Said[]
  waiting: { id: number; task: string; why: string; policy: string; at: number }[]
}

/** What somebody did, in words; `value` is said apart. */
export function did(one: Said, sealed = false): string {
  if (one.kind === 'label') {
    if (sealed) return 'labelled'
    if (one.value === null) return 'took the label back'
    return one.policy === 'schema' ? 'label reads otherwise' : one.source === 'import' ? 'came with' : 'labelled'
  }
  const words: Record<string, string> = {
    answer: 'answered', comment: 'commented', resolved: 'resolved a comment', flag: 'flagged', skip: 'passed over', sweep: 'swept',
    undone: 'undid', adjudicated: 'decided', erased: 'erased', erase: 'erased',
  }
  if (one.kind === 'flag' && (one.value as { on?: boolean } | null)?.on === false) return 'took the flag away'
  return words[one.kind] ?? one.kind
}

/** What a comment or a flag says. */
export function wrote(one: Said): string {
  const value = one.value as { text?: unknown; reason?: unknown } | null
  return typeof value?.text === 'string' ? value.text : typeof value?.reason === 'string' ? value.reason : ''
}

/** The suggestion that was before whoever answered. */
export function sawWords(saw: unknown, said: (value: unknown) => string): string {
  const one = saw as { label?: unknown; confidence?: number } | null
  if (!one || one.label === undefined || one.label === null) return ''
  return `${said(one.label)}${typeof one.confidence === 'number' ? ` ${percent(one.confidence, 0)}` : ''}`
}

/** The models' answers to one task, runs of equal ones joined: what changed, and when. */
export function runs(all: Prediction[], task: string): { label: unknown; from: number; to: number; confidence: number }[] {
  const found: { label: unknown; from: number; to: number; confidence: number }[] = []
  for (const one of all.filter((each) => each.task === task)) {
    const last = found.at(-1)
    if (last && JSON.stringify(last.label) === JSON.stringify(one.label)) Object.assign(last, { to: one.number, confidence: one.confidence })
    else found.push({ label: one.label, from: one.number, to: one.number, confidence: one.confidence })
  }
  return found
}
