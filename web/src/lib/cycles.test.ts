import { expect, test } from 'vitest'
import { most, pairAt, surprise } from './cycles'

test('an address names two models by number or id', () => {
  expect(pairAt('12..13')).toEqual(['12', '13'])
  expect(pairAt('baseline..last')).toEqual(['baseline', 'last'])
  expect(pairAt('12')).toBeNull()
  expect(pairAt(undefined)).toBeNull()
})

test('how surprising the losses are is said in words', () => {
  expect(surprise(0, 0, null)).toMatch(/^no example/)
  expect(surprise(1, 3, 0.8125)).toBe('no sign of a loss (p = 0.813)')
  expect(surprise(9, 1, 0.006)).toBe('more losses than chance (p = 0.006)')
  expect(surprise(40, 2, 1e-9)).toBe('more losses than chance (p < 0.001)')
  expect(surprise(3, 2, 0.3)).toBe('within chance (p = 0.300)')
})

test('the heat of a list goes by its largest count', () => {
  expect(most([])).toBe(1)
  expect(most([{ gold: 'a', taken_for: 'b', broke: 2, fixed: 7 }])).toBe(7)
})
