import { expect, test } from 'vitest'
import { ago, bytes, count, more, percent, plural, points, span } from './format'

test('a hundred percent is only said of all', () => {
  expect(percent(0.9999)).toBe('99.9\u00a0%')
  expect(percent(1)).toBe('100.0\u00a0%')
  expect(percent(0.942, 0)).toBe('94\u00a0%')
  expect([percent(0.004, 0), percent(0, 0)]).toEqual(['<\u20091\u00a0%', '0\u00a0%'])
  expect(percent(null)).toBe('–')
})
test('figures as people read them', () => {
  expect([more(1240), more(-1), more(0)]).toEqual(['+1\u2009240', '−1', '±0'])
  expect(points(-0.012)).toBe('−1.2')
  expect(points(0)).toBe('±0.0')
  expect(count(1234567)).toBe('1\u2009234\u2009567')
  expect(plural(1, 'label')).toBe('1 label')
  expect(bytes(1_600_000)).toBe('1.6 MB')
})
test('times as people read them', () => {
  expect([10, 100, 7300].map((s) => ago(0, s))).toEqual(['just now', '2 min ago', '2 h ago'])
  expect([12, 90, 4800, 90000].map(span)).toEqual(['12 s', '2 min', '1 h 20 min', '25 h'])
})
