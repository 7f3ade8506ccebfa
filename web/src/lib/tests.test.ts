import { expect, test } from 'vitest'
import { address, bareFits, barest, begun, breakable, bundled, called, changed, explained, fits, grouped, keyAt, level, looked, named, reached, side, spanned, stands, tally, written, type Bare, type Case, type Test } from './tests'

const one = (name: string, more: Partial<Test> = {}): Test => ({
  key: `intent/all/${name}/behaviour`, task: 'intent', slice: 'all', name, kind: 'behaviour', suite: '', expect: '', about: '', tested: true, made: null, critical: false,
  state: 'inadequate', value: 0.7, low: 0.6, high: 0.8, target: 0.95, share: null, n: 40, held: 28, to_go: null, change: null, was: null, newly: false,
  error: '', note: '', levels: [], course: [], ...more,
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
    one('young', { state: 'unknown', value: null, tested: false }),
  ]
  const found = grouped(tests).map(({ group, parts }) => [group, parts.map((part) => [part.suite, part.tests.map(called)])])
  expect(found).toEqual([
    ['newly', [['', ['new']]]],
    ['failing', [['', ['critical', 'worse', 'bad']], ['hate', ['irony', 'slurs']]]],
    ['unknown', [['', ['broken']]]],
    ['untested', [['', ['young']]]],
    ['passing', [['', ['holds']]]],
  ])
  expect(tally(tests)).toEqual({ newly: 1, failing: 6, unknown: 1, untested: 1, passing: 1 })
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
  expect(stands(edge)).toBe('holds to 0.047, 0.20 wanted')
  expect(explained(edge)).toBe('It is proven that the answer stays the same for 95 % of the examples up to level 0.047; it must up to 0.20. At 0.10 it is proven not to.')
  expect(explained(one('a', { low: 0.7, high: 0.7 }))).toContain('all the cases that are meant')
  expect([level(0.2), level(0), level(1), level(0.015625)]).toEqual(['0.20', '0.00', '1.00', '0.016'])
})

test('an assertion is said by what breaks it, and one that was never run as that', () => {
  const rule = one('a', { kind: 'assertion', n: 4000, held: 3998, value: 0.9995, low: 0.9995, high: 0.9995, target: 0.998 })
  expect(stands(rule)).toBe('2 of 4\u2009000 break it')
  expect(stands({ ...rule, held: 3999 })).toBe('1 of 4\u2009000 breaks it')
  expect(stands({ ...rule, held: 4000 })).toBe('none of 4\u2009000 breaks it')
  expect(explained(rule).replaceAll('\u00a0', ' ')).toBe('0.05 % of the answers break it; at most 0.20 % may.')
  expect(reached(rule, 0.9).replaceAll('\u00a0', ' ')).toBe('10.00 % break it')
  expect(stands(one('a', { tested: false, value: null }))).toBe('not run yet')
})

test('cases of one template stand together, that of the worst case first', () => {
  const cases = ['b', 'a', 'b', '', 'a'].map((template, at) => ({ template, text: String(at) }) as Case)
  expect(bundled(cases).map(({ at, of }) => [at.template, at.text, of])).toEqual([['b', '0', 2], ['b', '2', 2], ['a', '1', 2], ['a', '4', 2], ['', '3', 1]])
})

test('a course shows its values and what is asked for, however near they are', () => {
  const close = spanned([{ value: 0.9992 }, { value: 0.9995 }, { value: null }], 0.998)
  expect(close.low).toBeLessThan(0.998)
  expect(close.low).toBeGreaterThan(0.99)
  expect(close.high).toBe(1)
  expect(spanned([], 1)).toEqual({ low: 0.998, high: 1 })
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
  const ofNoTask = '/all/a rating names no time/assertion'
  expect(keyAt(address(ofNoTask).split('/').filter(Boolean).map(decodeURIComponent))).toBe(ofNoTask)
})

test('a test that asks for another share has another key and is found by the old one', () => {
  const tests = [one('a', { key: 't/all/a/behaviour' }), one('b', { key: 't/all/b/must_pass' })]
  expect(named(tests, 't/all/b/behaviour')).toBe(tests[1])
  expect(named(tests, 't/all/b/must_pass')).toBe(tests[1])
  expect(named(tests, 't/all/c/must_pass')).toBeUndefined()
})

test('without a test there are lines for each sort of one, about what the project has', () => {
  const [same, right, never] = begun('intent', 'give "back"', 'body', 'my money')
  expect(same.lines).toContain('@project.behaviour("intent", expect="same")')
  expect(right.lines).toContain('yield "my money", "give \\"back\\""')
  expect(never.lines).toContain('inputs["body"]')
  expect(never.lines).toContain('pc.equal(outputs["intent"], "give \\"back\\"")')
})

test('the lines to copy are Python, whatever the names hold', () => {
  expect(written({ task: 'intent', slice: 'all', label: 're-fund "now"', example: 'give it {back}' })).toBe(
    '@project.behaviour("intent")\ndef says_re_fund_now():\n    yield "give it {back}", "re-fund \\"now\\""',
  )
  expect(written({ task: 'intent', slice: 'rare words', label: null, example: '' })).toContain('on="rare words")\ndef survives_typos_rare_words(batch')
})

test('which model is looked at is said with what the gate made of it', () => {
  const brief = (number: number, state: string) => ({ id: `m${number}`, number, at: 0, state })
  const [old, base, newest] = [brief(1, 'accepted'), brief(2, 'accepted'), brief(3, 'rejected')]
  expect(looked({ model: newest, newest, accepted: base })).toBe('Model 3, the newest, not accepted')
  expect(looked({ model: base, newest, accepted: base })).toBe('Model 2, accepted')
  expect(looked({ model: base, newest: base, accepted: base })).toBe('Model 2, the newest, accepted')
  expect(looked({ model: old, newest, accepted: base })).toBe('Model 1, accepted before')
  expect(looked({ model: brief(4, 'candidate'), newest, accepted: null })).toBe('Model 4, not yet through the gate')
})

test.each(['survives_typos', '__x__', 'nothing is a book', 'a: b.c', '', '_'])('a name that may break, %s, is still that name', (name) => {
  expect(breakable(name).join('')).toBe(name)
})

test('a name breaks after an underscore, not inside a word', () => {
  expect(breakable('survives_typos on_it')).toEqual(['survives_', 'typos on_', 'it'])
})
