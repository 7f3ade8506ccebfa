import { describe, expect, it } from 'vitest'
import { compared, joined, named, sorted, type Guide } from './guide'

const words = (n: number) => Array.from({ length: Math.floor(Math.random() * n) }, () => 'abc'[Math.floor(Math.random() * 3)])

describe('a guide', () => {
  it('knows which labels nobody has described, and what is said of labels that are gone', () => {
    const section = (label: string | null, id: string) => ({ id, label, title: id, markdown: '', place: 1, rev: 1, by: 'a', at: 0 })
    const guide: Guide = {
      task: 't', rev: 1, decisions: [],
      sections: [section(null, 'general'), section('b', 'label:b'), section('gone', 'label:gone')],
      labels: [{ label: 'a', section: null }, { label: 'b', section: 'label:b' }],
    }
    const found = sorted(guide)
    expect([found.own, found.defined, found.old].map((some) => some.map((one) => one.id))).toEqual([['general'], ['label:b'], ['label:gone']])
    expect(found.missing).toEqual(['a'])
  })
  it('names a section by its title, once', () => {
    expect(named('Edge cases!', [])).toBe('edge-cases')
    expect(named('Edge cases!', ['edge-cases'])).toBe('edge-cases-2')
    expect(named('<>', [])).toBe('section')
  })
})

describe('what two people wrote', () => {
  it('is told apart line by line', () => {
    expect(compared('a\nb\nc', 'a\nx\nc')).toEqual([
      { kind: 'same', lines: ['a'] },
      { kind: 'theirs', lines: ['x'] },
      { kind: 'mine', lines: ['b'] },
      { kind: 'same', lines: ['c'] },
    ])
  })
  it('holds every line of both, in order, whatever they wrote', () => {
    for (let n = 0; n < 300; n += 1) {
      const [mine, theirs] = [words(9).join('\n'), words(9).join('\n')]
      const pieces = compared(mine, theirs)
      const without = (kind: string) => pieces.filter((piece) => piece.kind !== kind).flatMap((piece) => piece.lines).join('\n')
      expect(without('theirs')).toBe(mine)
      expect(without('mine')).toBe(theirs)
    }
  })
  it('is joined without loss, at any length', () => {
    const long = Array.from({ length: 3000 }, (_, i) => `line ${i}`)
    expect(joined(long.join('\n'), [...long].reverse().join('\n')).length).toBeGreaterThan(0)
  })
})
