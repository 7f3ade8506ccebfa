import { expect, test } from 'vitest'
import { brief, described, logarithmic, runs, says, serving, shares, stage, todo, waits, type Production, type Release, type State, type Tried } from './production'

const release = (id: string, state: State, share = 0) => ({ id, state, share }) as Release
const production = (release: string | null, releases: Release[]) => ({ watch: { release }, releases }) as unknown as Production

test('the next step is said until there is something to see', () => {
  expect(stage(production(null, []))).toBe('ship')
  expect(stage(production(null, [release('a', 'shadow')]))).toBe('promote')
  expect(stage(production(null, [release('a', 'all')]))).toBe('serve')
  expect(stage(production('a', []))).toBe('shown')
})

test('who answers is found by place, and said', () => {
  const found = serving([release('c', 'shadow'), release('b', 'share', 0.05), release('a', 'all', 1)])
  expect([found.all?.id, found.share?.id, found.shadow?.id]).toEqual(['a', 'b', 'c'])
  expect(says(found.share!)).toBe('answers 5\u00a0% of requests')
})

test.each([
  ['adequate label: the audit sample tells whether the labels are right', 'the audit sample tells whether the labels are right', '/label'],
  ['adequate run: what the model is unsure of is asked first', 'adequate run: what the model is unsure of is asked first', '/board'],
  ['adequate run, then adequate ship and adequate promote; or adequate rollback', 'adequate run, then adequate ship and adequate promote; or adequate rollback', '/board'],
  ["the server's log says which", "the server's log says which", null],
])('%s', (text, shown, href) => expect(todo(text)).toEqual({ text: shown, href }))

test('a line breaks where nothing was measured, and one value lies in the middle', () => {
  expect(runs([0, null, 1, 1], 30, 10)).toEqual([[[0, 10]], [[20, 0], [30, 0]]])
  expect(runs([4, 4], 10, 10)).toEqual([[[0, 5], [10, 5]]])
  expect(runs([null], 10, 10)).toEqual([])
  expect(runs([0.5], 10, 10, [0, 1])).toEqual([[[10, 5]]])
})

test('counts are shares of all, of nothing too', () => {
  expect(shares([1, 3])).toEqual([0.25, 0.75])
  expect(shares([0, 0])).toEqual([0, 0])
})

test.each([
  [0.0000088, '8.8\u00a0µs'],
  [0.000999, '999\u00a0µs'],
  [0.0033, '3.3\u00a0ms'],
  [0, '–'],
  [null, '–'],
])('%s s is %s', (seconds, shown) => expect(brief(seconds)).toBe(shown))

test('powers of ten lie on a logarithmic axis, the values within it', () => {
  const axis = logarithmic([2e5, 3e7])
  expect(axis.ticks.map(Math.round)).toEqual([1e6, 1e7])
  expect(axis.at(2e5)).toBeGreaterThan(0)
  expect(axis.at(3e7)).toBeLessThan(1)
})

test('what waits is said by reason, the most pressing first', () => {
  expect(waits({ audit: 97, assertion: 1 })).toBe('1 violation, 97 texts of the audit sample')
  expect(waits({})).toBe('')
})

test('a candidate is told whole', () => {
  const one = { in_words: 'n-grams', alone: 8e-5, flips: 0.07, state: 'refused', why: '', gate: { lost: 9, won: 2 } } as Tried
  expect(described(one)).toBe('n-grams: 80\u00a0µs alone, 7.0\u00a0% of texts answered otherwise, refused: something regressed; of the gate’s labels 9 lost, 2 won')
})
