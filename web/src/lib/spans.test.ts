import { describe, expect, test } from 'vitest'
import { compared, Offsets, ordered, Words, type Span } from './spans'

const PIECES = ['a', ' ', 'word', '.', 'é', 'e\u0301', '👩‍👩‍👧‍👦', '😀', '𝔘', 'שלום', 'مرحبا', '日本語', '\u200d', '\n', '🇩🇪', '\u202e', 'ﷺ', '\ufeff', '\ud83d', 'क्षि']

/** Random texts that are the same every time. */
function* texts(n: number): Generator<string> {
  let seed = 7
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648
  for (let k = 0; k < n; k++) yield Array.from({ length: Math.floor(random() * 30) }, () => PIECES[Math.floor(random() * PIECES.length)]).join('')
}

describe('offsets', () => {
  test('count as Python does, and come back, for any text', () => {
    for (const text of texts(2000)) {
      const offsets = new Offsets(text)
      const points = [...text]
      expect(offsets.points).toBe(points.length)
      let unit = 0
      for (let point = 0; point <= points.length; point++) {
        expect(offsets.unit(point)).toBe(unit)
        expect(offsets.point(unit)).toBe(point)
        unit += points[point]?.length ?? 0
      }
    }
  })
  test('cut the same piece as code points do', () => {
    for (const text of texts(500)) {
      const points = [...text]
      const [start, end] = [Math.floor(points.length / 3), Math.ceil((2 * points.length) / 3)]
      expect(new Offsets(text).slice({ start, end })).toBe(points.slice(start, end).join(''))
    }
  })
  test('of a million characters take no time to build', () => {
    const text = 'word 😀 '.repeat(150_000)
    const begun = performance.now()
    const offsets = new Offsets(text)
    for (let k = 0; k < 10_000; k++) offsets.point(offsets.unit(k * 7))
    expect(performance.now() - begun).toBeLessThan(500)
  })
})

describe('words', () => {
  test('a selection within a word grows to all of it', () => {
    const words = new Words('I want my money back')
    expect(words.snapped(11, 13)).toEqual([10, 15])
    expect(words.snapped(8, 12)).toEqual([7, 15])
    expect(words.snapped(6, 7)).toBeNull()
  })
  test('an exact selection never splits a character', () => {
    const text = 'x👩‍👩‍👧‍👦y'
    const words = new Words(text)
    expect(words.exact(2, 4)).toEqual([1, text.length - 1])
    expect(words.exact(1, 1)).toBeNull()
  })
  test('any selection holds whole characters and what was selected', () => {
    for (const text of texts(500)) {
      const words = new Words(text)
      const offsets = new Offsets(text)
      const [from, to] = [Math.floor(text.length / 4), Math.ceil(text.length / 2)]
      for (const found of [words.snapped(from, to), words.exact(from, to)]) {
        if (!found) continue
        expect(found[0]).toBeLessThan(found[1])
        for (const at of found) expect(offsets.unit(offsets.point(at))).toBe(at)
      }
    }
  })
  test('jumps pass over blanks, both ways', () => {
    const words = new Words('one  two')
    expect(words.next(3)).toEqual([5, 8])
    expect(words.previous(5)).toEqual([0, 3])
    expect(words.next(8)).toBeNull()
  })
  test('Chinese and Hebrew have words too', () => {
    expect(new Words('我喜欢咖啡').snapped(1, 2)![1]).toBeGreaterThan(1)
    expect(new Words('שלום עולם').next(0)).toEqual([0, 4])
  })
})

test('spans of two people are told apart by place and label, not by name', () => {
  const span = (start: number, label: string, id: string): Span => ({ start, end: start + 2, label, id })
  const found = compared([span(0, 'a', '1'), span(4, 'b', '2')], [span(0, 'a', 'x'), span(4, 'c', 'y')])
  expect([found.both.length, found.ours[0].label, found.theirs[0].label]).toEqual([1, 'b', 'c'])
  expect(ordered([span(4, 'b', '2'), span(0, 'a', '1')])[0].start).toBe(0)
})
