/** What production does, and the releases: what the server sends, how it is said, how it is drawn. */

import { count, percent, plural } from './format'

export type State = 'candidate' | 'shadow' | 'share' | 'all' | 'retired'
export type Step = { state: State; share: number; back: boolean; who: string; why: string; at: number; id: number }
export type Release = {
  id: string
  number: number
  bytes: number
  /** A text, in batches; `alone`: asked alone. */
  seconds: number
  alone: number | null
  made: string
  state: State
  share: number
  at: number
  model: { id: string; number: number | null }
  verdict: string | null
  reasons: string[]
  lost: number | null
  won: number | null
  worst: { cell: string; change: number } | null
  /** Why it may not answer now. */
  refused: string | null
  steps: Step[]
}
export type Tried = {
  bundle: string
  in_words: string
  bytes: number
  seconds: number
  alone: number
  flips: number
  loss: number
  why: string
  state: 'passed' | 'refused' | 'needs_labels' | 'open' | 'unlikely' | 'failed'
  frontier: boolean
  gate: { verdict: string; reasons: string[]; lost: number; won: number } | null
}
export type Search = { model: string | null; at: number; candidates: Tried[] }
export type Releases = { releases: Release[]; search: Search | null; may: { promote: boolean } }

export type Rate = { name: string; count: number; n: number; value: number; low: number; high: number; before: number | null; least: number | null; series: (number | null)[] }
export type Estimate = { value: number; low: number; high: number }
export type Audit = { n: number; value: number | null; low: number; high: number; waiting: number; need: number | null }
export type Rule = { threshold: number; answered: number; accuracy: number | null; cost: number; cost_low: number; cost_high: number; never: number; n: number }
export type Slice = { name: string; n: number; share: number; confidence: number | null; estimates: Record<string, Estimate>; audit: Audit | null }
export type Watched = {
  name: string
  texts: number
  labels: Rate[]
  more: number
  moved: number
  confidence: number[]
  confidence_before: number[]
  mean: number | null
  mean_before: number | null
  mean_series: (number | null)[]
  sure_less: number
  edge: number
  abstained: number
  estimates: Record<string, Estimate>
  audit: Audit | null
  target: number | null
  rule: Rule | null
  disagreed: Rate | null
  slices: Slice[]
}
export type Alert = { key: string; severity: 'act' | 'look'; what: string; do: string; since: number }
export type Watch = {
  release: string | null
  model: string | null
  since: number
  until: number
  requests: number
  /** By hour. */
  series: (number | null)[]
  texts: number
  errors: number
  sampled: number
  dropped: number
  releases: { id: string; state: string; texts: number; share: number; errors: number; seconds: number }[]
  tasks: Watched[]
  inputs: { value: number | null; low: number | null; n: number } | null
  assertions: Rate[]
  triggers: { id: string; cell: string; asked: number; labelled: number; found: number }[]
  cost: { parts: Record<string, number>; unknown: string[]; total: number } | null
  alerts: Alert[]
  notes: string[]
  blind: string
}
export type Trigger = { id: number; cell: string; per_day: number; who: string; why: string; at: number }
export type Production = {
  watch: Watch
  releases: Release[]
  waiting: Record<string, Record<string, number>>
  triggers: Trigger[]
  may: { promote: boolean }
}

/** Who answers now, by place. */
export function serving(releases: Release[]) {
  const at = (state: State) => releases.find((one) => one.state === state) ?? null
  return { all: at('all'), share: at('share'), shadow: at('shadow') }
}

/** How far one is: the next thing to be done, while there is no figure to show. */
export function stage(production: Pick<Production, 'releases' | 'watch'>): 'ship' | 'promote' | 'serve' | 'shown' {
  if (production.watch.release !== null) return 'shown'
  if (production.releases.length === 0) return 'ship'
  return serving(production.releases).all ? 'serve' : 'promote'
}

/** A state in words: `answers 5 % of requests`. */
export function says(release: Pick<Release, 'state' | 'share'>): string {
  switch (release.state) {
    case 'all': return 'answers all requests'
    case 'share': return `answers ${percent(release.share, 0)} of requests`
    case 'shadow': return 'shadow: asked beside, not heard'
    case 'retired': return 'retired'
    default: return 'candidate: asked by nobody'
  }
}

/** What can be done about an alert: the sentence, and the screen where it is done. */
export function todo(text: string): { text: string; href: string | null } {
  const [command, rest] = /^adequate (\w+)(?:: (.+))?/.exec(text)?.slice(1) ?? ['', '']
  const href = { label: '/label', run: '/board', ship: '/cycles', promote: '/cycles', rollback: '/cycles' }[command] ?? null
  return { text: href === '/label' && rest ? rest : text, href }
}

/** What waits of what was recorded: `34 violations, 97 of the audit sample`. */
const REASONS: Record<string, [string, string]> = {
  assertion: ['violation', 'violations'],
  abstained: ['text that it was too unsure to answer', 'texts that it was too unsure to answer'],
  shadow: ['text that the shadow answers otherwise', 'texts that the shadow answers otherwise'],
  trigger: ['text that a trigger found', 'texts that triggers found'],
  audit: ['text of the audit sample', 'texts of the audit sample'],
}
export const waits = (of: Record<string, number>) =>
  Object.entries(REASONS).filter(([reason]) => of[reason]).map(([reason, [one, many]]) => plural(of[reason], one, many)).join(', ')
export const sum = (of: Record<string, number>) => Object.values(of).reduce((total, n) => total + n, 0)

/** Points of a line in a box, in runs without a gap; the newest is at the right. */
export function runs(series: (number | null)[], wide: number, high: number, ends?: [number, number]): [number, number][][] {
  const known = series.filter((one): one is number => one !== null)
  const [low, top] = ends ?? [Math.min(...known), Math.max(...known)]
  const room = top - low || 1
  const found: [number, number][][] = [[]]
  series.forEach((one, at) => {
    if (one === null) found.push([])
    else found.at(-1)!.push([series.length > 1 ? (at / (series.length - 1)) * wide : wide, high - ((top > low ? one - low : room / 2) / room) * high])
  })
  return found.filter((run) => run.length)
}

/** Counts as shares of all. */
export function shares(counts: number[]): number[] {
  const all = counts.reduce((total, n) => total + n, 0) || 1
  return counts.map((n) => n / all)
}

/** Two digits that matter, in a unit that suits: `8.8 µs`. */
export function brief(seconds: number | null): string {
  if (!seconds) return '–'
  const [size, unit] = seconds >= 0.9995 ? [1, 's'] : seconds >= 0.9995e-3 ? [1e-3, 'ms'] : [1e-6, 'µs']
  const n = seconds / size
  return `${n >= 9.95 ? n.toFixed(0) : Number(n.toPrecision(2))}\u00a0${unit}`
}

/** Where on a logarithmic axis, in [0, 1]; and the powers of ten that lie on it. */
export function logarithmic(values: number[]) {
  const low = Math.log10(Math.min(...values)) - 0.15
  const high = Math.log10(Math.max(...values)) + 0.15
  const ticks: number[] = []
  for (let power = Math.ceil(low); power <= high; power++) ticks.push(10 ** power)
  return { at: (value: number) => (high > low ? (Math.log10(value) - low) / (high - low) : 0.5), ticks }
}

/** How a candidate of a search came out: sign, word, tone; the tone only in addition. */
export const OUTCOMES: Record<Tried['state'], { sign: string; says: string; tone: 'good' | 'bad' | 'unsure' | 'quiet' }> = {
  passed: { sign: '●', says: 'passed the gate', tone: 'good' },
  refused: { sign: '✕', says: 'refused: something regressed', tone: 'bad' },
  needs_labels: { sign: '◐', says: 'needs labels', tone: 'unsure' },
  open: { sign: '○', says: 'not gated', tone: 'quiet' },
  unlikely: { sign: '·', says: 'not gated: loses too much', tone: 'quiet' },
  failed: { sign: '·', says: 'can’t be made', tone: 'quiet' },
}

/** All that is known of a candidate, in a sentence. */
export function described(one: Tried): string {
  const gate = one.gate ? `; of the gate’s labels ${count(one.gate.lost)} lost, ${count(one.gate.won)} won` : one.why ? `; ${one.why}` : ''
  return `${one.in_words}: ${brief(one.alone)} alone, ${percent(one.flips)} of texts answered otherwise, ${OUTCOMES[one.state].says}${gate}`
}

/** What the gate said of a release, beside its sign. */
export function judged(one: Release): string {
  if (one.refused !== null) return one.reasons[0] ?? one.refused
  const moved = one.lost || one.won ? `${count(one.lost ?? 0)} gate labels lost, ${count(one.won ?? 0)} won` : 'no gate label changed'
  return one.lost === null ? '' : moved
}
