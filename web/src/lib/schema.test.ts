import { describe, expect, it } from 'vitest'
import type { LabelRow, Mark } from './board'
import { asked, consequences, lines, shown, type Label, type Preview } from './schema'

const label = (name: string, teach: number): Label => ({ label: name, teach, steer: 0, gate: 0, waiting: 0 })
const preview = (more: Partial<Preview>): Preview => ({
  said: '', labels: [], before: [], examples: 0, withdrawn: 0, by_part: { teach: 0, steer: 0, gate: 0 }, waiting: 0, cells: [], targets: [],
  slices: [], models: 0, fixed: false, ask: { all: 0, doubtful: [], gate: 0 }, ...more,
})

describe('a change of labels', () => {
  const form = { labels: ['a'], to: '', into: '', withdraw: true }
  it('is complete or not there', () => {
    expect(asked('rename', form)).toBeNull()
    expect(asked('rename', { ...form, to: ' a ' })).toBeNull()
    expect(asked('rename', { ...form, to: ' b ' })).toEqual({ label: 'a', to: 'b' })
    expect(asked('merge', { ...form, to: 'a' })).toBeNull()
    expect(asked('merge', { ...form, labels: ['a', 'b'], to: 'a' })).toEqual({ labels: ['a', 'b'], into: 'a' })
    expect(asked('split', { ...form, into: 'x' })).toBeNull()
    expect(asked('split', { ...form, into: 'x, y\nx' })).toEqual({ label: 'a', into: ['x', 'y'], withdraw: true })
    expect(asked('retire', form)).toEqual({ label: 'a', withdraw: true })
    expect(asked('add', { ...form, labels: [], to: 'new' })).toEqual({ label: 'new' })
  })
  it('reads one name a line or between commas', () => expect(lines(' a ,b\n\n c,a')).toEqual(['a', 'b', 'c']))
  it('is told in words, what needs care marked', () => {
    const said = consequences('split', preview({ examples: 3, withdrawn: 3, by_part: { teach: 2, steer: 0, gate: 1 }, slices: ['fees'], models: 2, ask: { all: 3, doubtful: [], gate: 1 } }))
    expect(said[0]).toContain('3 current labels will be taken back (2 teach, 1 gate)')
    expect(said.filter((one) => one.startsWith('!')).length).toBe(2)
    expect(consequences('rename', preview({}))).toEqual(['No current label changes.'])
  })
})

describe('the labels', () => {
  const labels = [label('b', 1), label('A', 3), label('c', 2)]
  const marks = new Map(Object.entries({ A: 'inadequate', b: 'adequate' }).map(([label, mark]): [string, LabelRow] => [label, { label, cells: [], mark: mark as Mark }]))
  it('are found and ordered', () => {
    expect(shown(labels, 'name', '', marks).map((one) => one.label)).toEqual(['A', 'b', 'c'])
    expect(shown(labels, 'labels', '', marks).map((one) => one.label)).toEqual(['A', 'c', 'b'])
    expect(shown(labels, 'state', '', marks).map((one) => one.label)).toEqual(['A', 'b', 'c']) // what has no cell comes last
    expect(shown(labels, 'declared', ' B', marks).map((one) => one.label)).toEqual(['b'])
  })
})
