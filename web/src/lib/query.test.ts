import { describe, expect, test } from 'vitest'
import { complete, pieces, tokens, told, withTerm, without, written, type Names, type Term } from './query'

const names: Names = {
  keys: { label: 'is labelled so', like: 'reads like', pred: 'the model says so', conf: 'confidence' },
  choices: { is: ['wrong', 'labelled', 'flagged'] },
  tasks: ['intent', 'urgent'],
  labels: { intent: ['direct deposit', 'fee', 'refund'], urgent: ['no', 'yes'] },
  slices: ['short'],
  columns: ['body'],
  people: ['ann'],
}
const term = (key: string, start: number, end: number, values = ['x']): Term => ({ key, values, op: ':', negate: false, start, end })

describe('tokens', () => {
  test('quotes hold spaces together, closed or not', () => {
    expect(tokens('a "b c" label:"d e",f -"g').map((t) => t.text)).toEqual(['a', '"b c"', 'label:"d e",f', '-"g'])
  })
  test('an escaped quote does not end one', () => {
    expect(tokens(String.raw`"a \" b" c`).map((t) => t.text)).toEqual([String.raw`"a \" b"`, 'c'])
  })
})

describe('completion', () => {
  test('offers keys that begin so', () => {
    expect(complete('l', 1, names).found.map((c) => c.text)).toEqual(['label:', 'like:'])
    expect(complete('-pr', 3, names).found[0].text).toBe('-pred:')
    expect(complete('co', 2, names).found[0].text).toBe('conf<')
  })
  test('offers values, of the task that is named', () => {
    expect(complete('label:', 6, names).found.map((c) => c.text)).toEqual(['"direct deposit"', 'fee', 'refund', 'no', 'yes'])
    expect(complete('task:urgent label:', 18, names).found.map((c) => c.shown)).toEqual(['no', 'yes'])
  })
  test('replaces only the alternative that is being typed', () => {
    const one = complete('label:fee,re', 12, names)
    expect([one.from, one.to, one.found[0].text]).toEqual([10, 12, 'refund'])
  })
  test('is silent on what is complete, on words and on nothing', () => {
    expect(complete('is:wrong', 8, names).found).toEqual([])
    expect(complete('zebra', 5, names).found).toEqual([])
    expect(complete('', 0, names).found).toEqual([])
  })
})

test('a condition goes by its place in code points', () => {
  expect(without('👩‍🚀 card label:fee x', { start: 9, end: 18 })).toBe('👩‍🚀 card x')
})
test('a condition takes the place of another of its key', () => {
  expect(withTerm('a in:1 b', [term('in', 2, 6)], 'in', 'in:2')).toBe('a b in:2')
})
test('values are quoted where they must be', () => {
  expect([written('fee'), written('two words'), written('a"b')]).toEqual(['fee', '"two words"', String.raw`"a\"b"`])
})
test('chips speak', () => {
  expect(told({ ...term('conf', 0, 0, ['0.6']), op: '<' })).toBe('conf < 60 %')
  expect(told(term('pair', 0, 0, ['a', 'b']))).toBe('a ↔ b mixed up')
})
test('marks split a text by code points', () => {
  expect(pieces('é👍card!', [[2, 6]])).toEqual([
    { text: 'é👍', hit: false },
    { text: 'card', hit: true },
    { text: '!', hit: false },
  ])
})
