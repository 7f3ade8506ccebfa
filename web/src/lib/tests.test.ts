import { expect, test } from 'vitest'
import { address, bareFits, barest, called, changed, explained, fits, grouped, keyAt, level, side, stands, tally, written, type Bare, type Test } from './tests'

const one = (name: string, more: Partial<Test> = {}): Test => ({
  key: `intent/all/${name}/behaviour`, task: 'intent', slice: 'all', name, kind: 'behaviour', suite: '', expect: '', about: '', gone: false, critical: false,
  state: 'inadequate', value: 0.7, low: 0.6, high: 0.8, target: 0.95, share: null, n: 40, held: 28, to_go: null, change: null, was: null, newly: false,
  error: '', note: '', levels: [], ...more,
})
const shown = (before: string, after: string) =>
  changed(before, after).map((piece) => (piece.kind === 'same' ? piece.text : piece.kind === 'gone' ? `[-${piece.text}]` : `[+${piece.text}]`)).join('')

test.each([
  ['pass this song', 'psas this song', 'p[-a]s[+a]s this song'],
  ['same', 'same', 'same'],
  ['', 'new', '[+new]'],
  ['help', 'help please', 'help[+ please]'],
  ['I am old', 'i AM old', '[-I][+i] [-am][+AM] old'],
  ['two 👩‍👩‍👧 here', 'two 👩 here', 'two [-👩‍👩‍👧][+👩] here'],
])('from %s to %s is %s', (before, after, wanted) => {
  expect(shown(before, after)).toBe(wanted)
})

test('what a change shows on both sides is the whole of both texts', () => {
  for (const [before, after] of [['how long will it be', 'hwo lnog will it eb'], ['a'.repeat(900), 'b'.repeat(900)], ['ab', 'ba']]) {
    const pieces = changed(before, after)
    expect(side(pieces, 'gone').map((piece) => piece.text).join('')).toBe(before)
    expect(side(pieces, 'new').map((piece) => piece.text).join('')).toBe(after)
  }
})

test('what newly fails comes first, the worst of it before the rest, the parts of a suite under its name', () => {
  const tests = [
    one('holds', { state: 'adequate', value: 1 }),
    one('bad'),
    one('worse', { value: 0.2 }),
    one('new', { newly: true }),
    one('critical', { critical: true, value: 0.9 }),
    one('hate: slurs', { suite: 'hate' }),
    one('hate: irony', { suite: 'hate', value: 0.1 }),
    one('broken', { state: 'unknown', value: null, error: 'it raised' }),
  ]
  const found = grouped(tests).map(({ group, parts }) => [group, parts.map((part) => [part.suite, part.tests.map(called)])])
  expect(found).toEqual([
    ['newly', [['', ['new']]]],
    ['failing', [['', ['critical', 'worse', 'bad']], ['hate', ['irony', 'slurs']]]],
    ['unknown', [['', ['broken']]]],
    ['passing', [['', ['holds']]]],
  ])
  expect(tally(tests)).toEqual({ newly: 1, failing: 6, unknown: 1, passing: 1 })
})

test('tests are found by words in any order, and by how they stand', () => {
  const mine = one('survives typos', { newly: true, slice: 'short' })
  expect(fits(mine, { show: null, text: 'SHORT typos' })).toBe(true)
  expect(fits(mine, { show: 'failing', text: '' })).toBe(true)
  expect(fits(mine, { show: 'passing', text: '' })).toBe(false)
  expect(fits(mine, { show: null, text: 'long' })).toBe(false)
  expect(bareFits({ task: 'intent', slice: 'all', label: 'refund' } as Bare, 'ref')).toBe(true)
})

test('where a test stands is said by its cases, an envelope by its levels', () => {
  expect(stands(one('a'))).toBe('12 of 40 fail')
  expect(stands(one('a', { held: 40 }))).toBe('all 40 hold')
  expect(stands(one('a', { value: null, note: 'it changed nothing' }))).toBe('it changed nothing')
  expect(stands(one('a', { error: 'it raised' }))).toBe('could not be run')
  const edge = one('a', { kind: 'envelope', value: 0.046875, target: 0.2, high: 0.1, share: 0.95 })
  expect(stands(edge)).toBe('holds to 0.047 of 0.20')
  expect(explained(edge)).toBe('It is proven that the answer stays the same for 95 % of the examples up to level 0.047; it must up to 0.20. At 0.10 it is proven not to.')
  expect(explained(one('a', { low: 0.7, high: 0.7 }))).toContain('all the cases that are meant')
  expect([level(0.2), level(0), level(1), level(0.015625)]).toEqual(['0.20', '0.00', '1.00', '0.016'])
})

test('slices without a test come before labels, what is measured lowest before the rest', () => {
  const bare = (label: string | null, slice: string, value: number | null): Bare => ({ task: 'intent', slice, label, critical: false, example: '', cells: [{ key: '', metric: 'recall', value, state: null }] })
  const found = barest([bare('a', 'all', 0.9), bare('b', 'all', null), bare('c', 'all', 0.2), bare(null, 'short', 0.95)])
  expect(found.map((one) => one.label ?? one.slice)).toEqual(['short', 'c', 'a', 'b'])
})

test('an address leads back to its test, whatever its name holds', () => {
  const key = 'intent/all/hate: a%b ü/behaviour'
  expect(keyAt(address(key).split('/').slice(1).map(decodeURIComponent))).toBe(key)
  expect(keyAt(['tests'])).toBeNull()
})

test('the lines to copy are Python, whatever the names hold', () => {
  expect(written({ task: 'intent', slice: 'all', label: 're-fund "now"', example: 'give it {back}' })).toBe(
    '@project.behaviour("intent")\ndef says_re_fund_now():\n    yield "give it {back}", "re-fund \\"now\\""',
  )
  expect(written({ task: 'intent', slice: 'rare words', label: null, example: '' })).toContain('on="rare words")\ndef survives_typos_rare_words(batch')
})
