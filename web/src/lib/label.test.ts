import { expect, test } from 'vitest'
import { cellName, fitting, likely, merged, options, progress, words } from './label'

const MANY = Array.from({ length: 20 }, (_, at) => `label ${at}`)

test('few labels keep their places whatever the model says', () => {
  expect(options(['fee', 'card'], { label: 'card', confidence: 0.9 })).toEqual(['fee', 'card'])
})
test('of many the likely come first, then those used lately', () => {
  const found = options(MANY, { label: 'label 7', confidence: 0.5, second: 'label 3' }, ['label 9', 'gone'])
  expect(found.slice(0, 4)).toEqual(['label 7', 'label 3', 'label 9', 'label 0'])
  expect(found).toHaveLength(20)
})
test('typing finds beginnings before what holds it', () => {
  expect(fitting(['coffee', 'fee', 'late fee', 'card'], 'FE')).toEqual(['fee', 'late fee', 'coffee'])
  expect(fitting(['a'], '')).toEqual(['a'])
})
test('values are worded', () => {
  expect(words(['a', 'b'])).toBe('a, b')
  expect(words([])).toBe('none of them')
  expect(words([{ start: 0, end: 1, label: 'who', id: '' }, { start: 2, end: 3, label: 'who', id: '' }])).toBe('2 who')
})
test('suggestions of several labels are all likely', () => {
  expect(likely({ label: ['a', 'b'], confidence: 1, second: 'c' })).toEqual(['a', 'b', 'c'])
  expect(likely(undefined)).toEqual([])
})
test('sets of labels come together', () => expect(merged([['a', 'b'], ['b', 'c']])).toEqual(['a', 'b', 'c']))
test('how far a cell is', () => {
  expect(progress([{ cell: 'x', waiting: 3, answered: 7 }], 'x')).toEqual({ done: 7, of: 10 })
  expect(progress([], 'x')).toBeUndefined()
})
test('cells are named as people say them', () => {
  expect(cellName('Category/short/accuracy', 'Category')).toBe('short')
  expect(cellName('Category/all/gas/recall', 'Category')).toBe('gas · recall')
  expect(cellName('Category/all/accuracy', 'Category')).toBe('all')
  expect(cellName('gas', 'Category')).toBe('gas')
})
