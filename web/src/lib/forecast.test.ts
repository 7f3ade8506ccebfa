import { expect, test } from 'vitest'
import { burn, bridge } from './burn'
import type { Board } from './board'
import { outlook, price } from './forecast'

const reach = { labels: 378, low: 220, high: 655, settles: 5, beyond: 44 }
const pace = { seconds: 3, answers: 160, people: 2, a_day: 50 }
const NOW = Date.UTC(new Date().getUTCFullYear(), 4, 1, 12) / 1000

test('labels become hours, money and a day at the pace of the last week', () => {
  const said = outlook(reach, pace, { amount: 30, currency: '€' }, NOW)
  expect(said).toMatchObject({ labels: '378', range: '220–655', hours: '19 min', money: '9.45\u00a0€', date: '9 May', dates: '5 May – 14 May' })
  expect(said.says).toBe('settle 5 open cells; 44 more can’t be foreseen: too few examples, or no trend yet')
})

test('nothing is promised where nobody answered, or no hour has a price', () => {
  expect(outlook(reach, { seconds: null, answers: 0, people: 0, a_day: null }, null, NOW)).toMatchObject({ hours: null, money: null, date: null, dates: null })
  expect(outlook(reach, pace, null, NOW)).toMatchObject({ hours: '19 min', money: null })
  expect(outlook({ labels: 0, low: 0, high: 0, settles: 0, beyond: 0 }, pace, null, NOW)).toMatchObject({ says: 'every cell is adequate', range: null })
})

test('what is due at the next look takes no label', () => {
  expect(outlook({ labels: 0, low: 0, high: 0, settles: 1, beyond: 2 }, pace, null, NOW).says).toMatch(/^1 cell likely to be proven at the next look; 2 more/)
})

test('cells of which nothing can be foreseen are not said to be no work', () => {
  const said = outlook({ labels: 0, low: 0, high: 0, settles: 0, beyond: 22 }, pace, { amount: 30, currency: '€' }, NOW)
  expect(said).toMatchObject({ labels: '–', hours: null, money: null, date: null })
  expect(said.says).toBe('22 cells can’t be foreseen: too few examples, or no trend yet')
})

test('cents are shown while they matter', () => {
  expect([price(3.5, ''), price(1234.4, 'EUR')]).toEqual(['3.50\u00a0€', '1\u2009234\u00a0EUR'])
})

const board = {
  burn: { labels: { at: [1, 2, 3], count: [10, 20, 30] }, models: [{ number: 1, at: 1, labels: 10, adequate: 0, cells: 8 }, { number: 2, at: 3, labels: 30, adequate: 2, cells: 8 }], cells: 8 },
  forecast: { labels: 40, low: 20, high: 60, settles: 3, beyond: 3 },
  pace: { seconds: 3, answers: 9, people: 1, a_day: 20 },
} as unknown as Board

test('the fan begins where the course ends, and ends at the goal', () => {
  const { data, says } = burn(board, 'labels', 3)
  const [x, so_far, likely, best, worst] = data as number[][]
  expect(x).toEqual([10, 30, 50, 70, 90])
  expect(so_far).toEqual([0, 2, null, null, null])
  expect(likely).toEqual([null, 2, 3.5, 5, 5])
  expect(best[2]).toBe(5)
  expect(worst[4]).toBe(5)
  expect(says).toBe('2 of 8 cells are adequate after 30 labels; 5 are likely with about 40 more')
})

test('over time there is no fan without a pace', () => {
  const { data, says } = burn({ ...board, pace: { seconds: null, answers: 0, people: 0, a_day: null } }, 'time', 3)
  expect((data[2] as (number | null)[]).every((y) => y === null)).toBe(true)
  expect(says).toContain('nobody answered in the last 7 days')
})

test('gaps are bridged straight, ends stay open', () => {
  const line = [null, 0, null, null, 6, null]
  bridge([0, 1, 2, 3, 4, 5], line)
  expect(line).toEqual([null, 0, 2, 4, 6, null])
})
