import { describe, expect, it } from 'vitest'
import { did, runs, sawWords, wrote, type Prediction, type Said } from './example'

const said = (more: Partial<Said>): Said => ({ seq: 1, by: 'ann', at: 0, kind: 'label', task: 't', source: 'human', why: '', policy: '', guide: null, value: 'a', saw: null, body: {}, ...more })
const model = (number: number, label: unknown, task = 't'): Prediction => ({ model: `m${number}`, number, at: 0, state: 'accepted', task, label, confidence: 0.5 + number / 10 })

describe('what was said of an example', () => {
  it('is told in words', () => {
    expect(did(said({}))).toBe('labelled')
    expect(did(said({ value: null }))).toBe('took the label back')
    expect(did(said({ value: null }), true)).toBe('labelled')
    expect(did(said({ policy: 'schema' }))).toBe('label reads otherwise')
    expect(did(said({ kind: 'flag', value: { on: false } }))).toBe('took the flag away')
    expect(did(said({ kind: 'something' }))).toBe('something')
  })
  it('has the words of comments and flags', () => {
    expect(wrote(said({ kind: 'comment', value: { text: 'why?' } }))).toBe('why?')
    expect(wrote(said({ kind: 'flag', value: { reason: 'odd' } }))).toBe('odd')
    expect(wrote(said({}))).toBe('')
  })
  it('names the suggestion that was seen', () => {
    expect(sawWords({ label: 'a', confidence: 0.7 }, String)).toBe('a 70\u00a0%')
    expect(sawWords(null, String)).toBe('')
  })
})

describe('what models answered', () => {
  it('joins runs of equal answers, task by task', () => {
    const all = [model(1, 'a'), model(1, ['x'], 'u'), model(2, 'a'), model(3, 'b')]
    expect(runs(all, 't')).toEqual([{ label: 'a', from: 1, to: 2, confidence: 0.7 }, { label: 'b', from: 3, to: 3, confidence: 0.8 }])
    expect(runs(all, 'u').length).toBe(1)
  })
})
