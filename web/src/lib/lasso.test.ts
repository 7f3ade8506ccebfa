import { expect, test } from 'vitest'
import { eased, inside, rectangle, within, type Point } from './lasso'

const star: Point[] = [[0, 3], [1, -2], [-2, 1], [2, 1], [-1, -2]]

test('a point is inside or outside, also of a concave line', () => {
  const notch: Point[] = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]]
  expect(inside(notch, 2, 0.5)).toBe(true)
  expect(inside(notch, 2, 3)).toBe(false)
  expect(inside(star, 5, 5)).toBe(false)
})
test('finds what a slow second method finds', () => {
  const xs = Float32Array.from({ length: 500 }, (_, i) => ((i * 37) % 100) / 20 - 2.5)
  const ys = Float32Array.from({ length: 500 }, (_, i) => ((i * 61) % 97) / 20 - 2.4)
  const slow = [...xs].flatMap((x, i) => (inside(star, x, ys[i]) ? [i] : []))
  expect(within(star, xs, ys)).toEqual(slow)
  expect(slow.length).toBeGreaterThan(20)
})
test('points that are not shown are not caught', () => {
  expect(within(rectangle(0, 0, 2, 2), new Float32Array([0, 0.5]), new Float32Array([0, 0.5]), (i) => i === 1)).toEqual([1])
})
test('a line of fewer than three corners holds nothing', () => {
  expect(within([[0, 0], [1, 1]], new Float32Array([0.5]), new Float32Array([0.5]))).toEqual([])
})
test('corners that nobody sees go', () => {
  expect(eased([[0, 0], [0.1, 0], [1, 0], [1.05, 0], [2, 0]], 0.5)).toEqual([[0, 0], [1, 0], [2, 0]])
})
