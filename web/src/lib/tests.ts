/** The tests that need no labels: what the server sends, how they are grouped, and how they are said. */

import { figure, type Mark } from './board'
import { count, percent, plural } from './format'

export type Kind = 'behaviour' | 'envelope' | 'assertion' | 'must_pass' | 'suite'
export type State = 'adequate' | 'inadequate' | 'unknown'
export type Test = {
  key: string
  task: string
  slice: string
  name: string
  kind: Kind
  suite: string
  expect: string
  about: string
  /** False: declared since, and nothing is known of it. */
  tested: boolean
  /** Who made it in the studio; null: it stands in project.py. */
  made: { what: string; who: string; why: string; at: number } | null
  critical: boolean
  state: State
  value: number | null
  low: number
  high: number
  target: number
  /** Of an envelope, the share that must hold at each level; its `target` is the level. */
  share: number | null
  n: number
  held: number
  to_go: number | null
  change: string | null
  was: { state: State; value: number | null } | null
  newly: boolean
  error: string
  note: string
  levels: [level: number, n: number, held: number][]
  course: Point[]
}
/** What one model came to. */
export type Point = { model: number; value: number | null; low: number; high: number; state: State }
export type Bare = {
  task: string
  slice: string
  label: string | null
  critical: boolean
  example: string
  cells: { key: string; metric: string; value: number | null; state: State | null }[]
}
export type Run = { running: boolean; what?: string; done?: number; total?: number | null; failure: { message: string; remedy: string } | null; proposed: Proposed | null }
/** What became of changed copies: tried, changed, answered as before, and asked. */
export type Proposed = { task: string; change: string; tried: number; changed: number; kept: number; asked: number }
type Brief = { id: string; number: number; at: number; state: string }
export type Tests = {
  /** The one that is looked at, and what it is compared with. */
  model: Brief | null
  baseline: Brief | null
  /** Those that may be looked at: the newest that was tested, and the one accepted last. */
  newest: Brief | null
  accepted: Brief | null
  untested: boolean
  tests: Test[]
  unprotected: Bare[]
  task: string
  tasks: string[]
  run: Run
  may: { run: boolean; mine: boolean; label: boolean }
}
export type Case = {
  text: string
  origin: string | null
  expected: string
  answered: string
  confidence: number | null
  level: number | null
  severity: number
  suggested: string | null
  template: string
  detail: Record<string, string>
  example: string
  label: string | null
  waiting: boolean
  source: string
}
export type Detail = {
  test: Test
  /** A page of them, the worst first; `failing` may be shown, of `from` examples. */
  cases: Case[]
  failing: number
  from: number
  sealed: number
  to_label: number
  /** The board's: how many labels are likely to make it hold. */
  forecast: { labels: number; low: number; high: number } | null
}

/** A slice that nobody declared, in which the model is worse, or seems to be. */
export type Found = {
  name: string
  sql: string
  said: string
  task: string
  /** Worse beyond what a search like this finds by luck. */
  proven: boolean
  /** Chance that it finds anything as bad where there is nothing. */
  luck: number
  /** Labels drawn from it that would decide; null where thousands would. */
  decide: number | null
  /** What it is to reach once it is a slice: as the other examples do. */
  target: number
  support: number
  n: number
  accuracy: number
  outside: number
  gap: number
  low: number
  failures: { id: string; text: string; label: string; answered: string }[]
}

/** What a test is shown under: the most pressing first. */
export const GROUPS = ['newly', 'failing', 'unknown', 'untested', 'passing'] as const
export type Group = (typeof GROUPS)[number]
export const TITLES: Record<Group, string> = { newly: 'Newly failing', failing: 'Failing', unknown: 'Not decided', untested: 'Not run yet', passing: 'Passing' }
export const EXPLAINED: Record<Group, string> = {
  newly: 'held for the model before',
  failing: 'below what they ask for',
  unknown: 'too few cases to tell, or they could not be run',
  untested: 'known once the tests are run',
  passing: 'proven to hold',
}
export const KINDS: Record<Kind, string> = {
  behaviour: 'behaviour', envelope: 'envelope', assertion: 'assertion', must_pass: 'must pass', suite: 'suite',
}

type Standing = Pick<Test, 'state' | 'newly' | 'tested'>
export const groupOf = (test: Standing): Group =>
  !test.tested ? 'untested' : test.newly ? 'newly' : test.state === 'inadequate' ? 'failing' : test.state === 'adequate' ? 'passing' : 'unknown'

/** The sign of a test, as `signOf` knows it: one that newly fails has regressed; what is unknown is said as it is. */
export const signed = (test: Standing & Pick<Test, 'error'>) =>
  !test.tested ? 'not run yet' : test.newly ? 'regressed' : test.error ? 'could not be run' : test.state === 'unknown' ? 'not decided' : test.state
/** The mark of its bar. */
export const marked = (test: Pick<Test, 'state' | 'newly'>): Mark => (test.newly ? 'regressed' : test.state === 'unknown' ? 'few' : test.state)

export type Wanted = { show: Group | 'bare' | 'found' | 'copies' | null; text: string }

const words = (text: string) => text.toLowerCase().split(/\s+/).filter((word) => word !== '')
const has = (all: string, text: string) => words(text).every((word) => all.toLowerCase().includes(word))

/** Whether a test is one of those that were looked for. */
export const fits = (test: Test, { show, text }: Wanted) =>
  (show === null || groupOf(test) === show || (show === 'failing' && test.newly)) && has(`${test.name} ${test.task} ${test.slice} ${test.kind} ${test.about}`, text)
export const bareFits = (bare: Bare, text: string) => has(`${bare.task} ${bare.slice} ${bare.label ?? ''}`, text)

/** What none is about: tasks and slices before labels, then what is measured lowest. */
export function barest(all: Bare[]): Bare[] {
  const least = (one: Bare) => Math.min(...one.cells.map((cell) => cell.value ?? 2))
  return [...all].sort((a, b) => Number(b.critical) - Number(a.critical) || Number(a.label !== null) - Number(b.label !== null) || least(a) - least(b))
}

export type Part = { suite: string; tests: Test[] }

/** The groups with something in them; in each the worst first, and the parts of one suite under its name. */
export function grouped(tests: Test[]): { group: Group; parts: Part[] }[] {
  return GROUPS.map((group) => {
    const parts = new Map<string, Test[]>()
    for (const test of tests.filter((one) => groupOf(one) === group).sort(worse)) parts.set(test.suite, [...(parts.get(test.suite) ?? []), test])
    const alone = parts.get('') ?? []
    parts.delete('')
    return { group, parts: [...(alone.length ? [{ suite: '', tests: alone }] : []), ...[...parts].map(([suite, its]) => ({ suite, tests: its }))] }
  }).filter(({ parts }) => parts.length > 0)
}

/** Critical ones first, then those furthest from what they ask for. */
const worse = (a: Test, b: Test) => Number(b.critical) - Number(a.critical) || short(b) - short(a) || a.name.localeCompare(b.name, undefined, { numeric: true })
const short = (test: Test) => (test.value === null ? 0 : (test.target - test.value) / (test.target || 1))

export function tally(tests: Test[]): Record<Group, number> {
  const found: Record<Group, number> = { newly: 0, failing: 0, unknown: 0, untested: 0, passing: 0 }
  for (const test of tests) {
    found[groupOf(test)] += 1
    if (test.newly) found.failing += 1
  }
  return found
}

/** A level, as the functions of `aq.perturb` take it. */
export const level = (value: number) => value.toFixed(3).replace(/0$/, '')

/** The name of a test without its suite's. */
export const called = (test: Pick<Test, 'name' | 'suite'>) => (test.suite && test.name.startsWith(`${test.suite}: `) ? test.name.slice(test.suite.length + 2) : test.name)

/** Where a test stands, in a few words: `12 of 40 fail`. */
export function stands(test: Test): string {
  if (!test.tested) return 'not run yet'
  if (test.error) return 'could not be run'
  if (test.value === null) return test.note || 'nothing was tested'
  if (test.kind === 'envelope') return `holds to ${level(test.value)}, ${level(test.target)} wanted`
  const bad = test.n - test.held
  if (test.kind === 'assertion') return bad ? `${count(bad)} of ${count(test.n)} ${bad === 1 ? 'breaks' : 'break'} it` : `none of ${count(test.n)} breaks it`
  return bad ? `${count(bad)} of ${count(test.n)} fail` : test.n === 1 ? 'its case holds' : `all ${count(test.n)} hold`
}

/** The same with what it is measured against. */
export function explained(test: Test): string {
  if (test.error || !test.tested) return ''
  if (test.value === null) return test.note
  if (test.kind === 'envelope') {
    const stays = `the answer stays the same${test.share === null ? '' : ` for ${round(test.share)} % of the examples`}`
    const proven = test.value > 0 ? `It is proven that ${stays} up to level ${level(test.value)}` : `At no level is it proven that ${stays}`
    return `${proven}; it must up to ${level(test.target)}.${test.high < 1 && test.high > test.value ? ` At ${level(test.high)} it is proven not to.` : ''}`
  }
  if (test.kind === 'assertion') {
    const rate = test.low === test.high ? '' : ` (between ${percent(1 - test.high, 2)} and ${percent(1 - test.low, 2)})`
    return `${percent(1 - test.value, 2)} of the answers break it${rate}; at most ${percent(1 - test.target, 2)} may.`
  }
  const exact = test.low === test.high
  const bounds = exact ? 'all the cases that are meant were tried' : `between ${figure(test.low)} and ${figure(test.high)} %, by ${plural(test.n, 'case')}`
  return `${round(test.value)} % hold, and ${round(test.target)} % must; ${bounds}.`
}

/** A share without a nought that says nothing: `95`, `97.5`. */
export const round = (share: number) => figure(share).replace(/\.0$/, '')

/** Where a value is, as its kind of test says it: `holds to 0.047`, `0.20 % break it`, `97.5 % hold`. */
export const reached = (test: Pick<Test, 'kind'>, value: number) =>
  test.kind === 'envelope' ? level(value) : test.kind === 'assertion' ? `${percent(1 - value, 2)} break it` : `${round(value)} %`

/** Cases of one template together, in the order of the worst of each; how many each has. */
export function bundled(cases: Case[]): { at: Case; of: number }[] {
  const all = new Map<string, Case[]>()
  for (const one of cases) all.set(one.template, [...(all.get(one.template) ?? []), one])
  return [...all.values()].flatMap((some) => some.map((at) => ({ at, of: some.length })))
}

/** What a chart of a course spans: its values and what is asked for, with some air, within what can be. */
export function spanned(points: Pick<Point, 'value'>[], target: number): { low: number; high: number } {
  const values = [target, ...points.flatMap((one) => (one.value === null ? [] : [one.value]))]
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const air = Math.max((most - least) * 0.15, 0.002)
  return { low: Math.max(0, least - air), high: Math.min(1, most + air) }
}

/** The address of a test, and what an address names. */
export const address = (key: string) => ['/tests', ...key.split('/').map(encodeURIComponent)].join('/')
export const keyAt = (parts: string[]): string | null => (parts.length < 2 ? null : `${parts.length === 4 ? '/' : ''}${parts.slice(1).join('/')}`) // of no task: a part is empty

/** The test of an address; one that asks for every case since, or no longer does, has another key and is the same test. */
export const named = <T extends Pick<Test, 'key'>>(tests: T[], key: string): T | undefined => {
  const of = (one: string) => one.slice(0, one.lastIndexOf('/'))
  return tests.find((one) => one.key === key) ?? tests.find((one) => of(one.key) === of(key))
}

export type Piece = { text: string; kind: 'same' | 'gone' | 'new' }
const MOST = 400_000 // comparisons: beyond, only the ends that are equal are found

const marks = (text: string) =>
  typeof Intl.Segmenter === 'function' ? [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].map((one) => one.segment) : [...text]

/** What was taken out of a text and what was put in, letter by letter as people see letters. */
export function changed(before: string, after: string): Piece[] {
  const a = marks(before)
  const b = marks(after)
  let from = 0
  while (from < a.length && from < b.length && a[from] === b[from]) from += 1
  let tail = 0
  while (tail < a.length - from && tail < b.length - from && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1
  const pieces: Piece[] = []
  const put = (text: string, kind: Piece['kind']) => {
    const last = pieces.at(-1)
    if (text === '') return
    if (last?.kind === kind) last.text += text
    else pieces.push({ text, kind })
  }
  put(a.slice(0, from).join(''), 'same')
  const left = a.slice(from, a.length - tail)
  const right = b.slice(from, b.length - tail)
  if (left.length * right.length > MOST) {
    put(left.join(''), 'gone')
    put(right.join(''), 'new')
  } else {
    for (const one of aligned(left, right)) put(one.text, one.kind)
  }
  put(a.slice(a.length - tail).join(''), 'same')
  return pieces
}

/** The longest common subsequence, by the table that everybody knows. */
function aligned(a: string[], b: string[]): Piece[] {
  const width = b.length + 1
  const long = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      long[i * width + j] = a[i] === b[j] ? long[(i + 1) * width + j + 1] + 1 : Math.max(long[(i + 1) * width + j], long[i * width + j + 1])
  const found: Piece[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push({ text: a[i], kind: 'same' })
      i += 1
      j += 1
    } else if (i < a.length && (j === b.length || long[(i + 1) * width + j] >= long[i * width + j + 1])) {
      found.push({ text: a[i], kind: 'gone' })
      i += 1
    } else {
      found.push({ text: b[j], kind: 'new' })
      j += 1
    }
  }
  return found
}

/** The half of a change that one side shows. */
export const side = (pieces: Piece[], kind: 'gone' | 'new') => pieces.filter((one) => one.kind === 'same' || one.kind === kind)

const identifier = (name: string) => name.normalize('NFKD').replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_+|_+$/g, '').toLowerCase() || 'it'
const quoted = (text: string) => JSON.stringify(text)

/** The lines of Python that begin a test of what none is about. */
export function written(bare: Pick<Bare, 'task' | 'slice' | 'label' | 'example'>): string {
  if (bare.label !== null)
    return [
      `@project.behaviour(${quoted(bare.task)})`,
      `def ${identifier(`says ${bare.label}`)}():`,
      `    yield ${quoted(bare.example || '...')}, ${quoted(bare.label)}`,
    ].join('\n')
  const on = bare.slice === 'all' ? '' : `, on=${quoted(bare.slice)}`
  return [
    `@project.behaviour(${quoted(bare.task)}, expect="same"${on})`,
    `def ${identifier(`survives typos${bare.slice === 'all' ? '' : ` ${bare.slice}`}`)}(batch, level, rng):`,
    '    return aq.perturb.swap_letters(batch, level, rng)',
  ].join('\n')
}

/** The lines of Python of a first test of each sort, about what the project has. */
export function begun(task: string, label: string, text: string, example: string): { what: string; lines: string }[] {
  return [
    { what: 'The same answer, though the text changes', lines: written({ task, slice: 'all', label: null, example: '' }) },
    { what: 'One right answer', lines: written({ task, slice: 'all', label, example }) },
    {
      what: 'What must never be answered',
      lines: [
        'import pyarrow.compute as pc',
        '',
        `@project.assertion(task=${quoted(task)})`,
        `def ${identifier(`no ${label} without words`)}(inputs, outputs):`,
        `    empty = pc.equal(pc.utf8_trim_whitespace(inputs[${quoted(text)}]), "")`,
        `    return pc.and_(empty, pc.equal(outputs[${quoted(task)}], ${quoted(label)}))`,
      ].join('\n'),
    },
  ]
}

/** Which model is looked at, and how the gate decided: `Model 2, the newest, not accepted`. */
export function looked({ model, newest, accepted }: Pick<Tests, 'model' | 'newest' | 'accepted'>): string {
  if (!model) return ''
  const decided = model.state === 'rejected' ? 'not accepted' : model.id === accepted?.id ? 'accepted' : model.state === 'accepted' ? 'accepted before' : 'not yet through the gate'
  return `Model ${model.number}${model.id === newest?.id ? ', the newest' : ''}, ${decided}`
}

/** A name in pieces that a line may break after: `survives_`, `typos`. */
export const breakable = (name: string) => name.match(/[^_/:.]+[_/:.]*|[_/:.]+/g) ?? []

/** How far a run is: `testing 3 of 12`. */
export const going = (run: Run) => `${run.what ?? 'testing'}${run.total ? ` ${count(run.done ?? 0)} of ${count(run.total)}` : ''}`
