import { expect, test } from 'vitest'
import { fits, ranked } from './find'

const named = (...names: string[]) => names.map((name) => ({ name }))

test('the start of a word counts more than its middle, and that more than letters', () => {
  expect(ranked('ref', named('a brief', 'refund', 'record of a fee')).map((one) => one.name)).toEqual(['refund', 'a brief', 'record of a fee'])
})
test('words in any order, all of them', () => {
  expect(fits('intent label', 'Label intent')).toBeGreaterThan(0)
  expect(fits('label urgent', 'Label intent')).toBe(0)
})
test('nothing typed: the first ones, as they are', () => {
  expect(ranked(' ', named('b', 'a'), 1).map((one) => one.name)).toEqual(['b'])
})
