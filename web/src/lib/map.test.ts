import { describe, expect, test } from 'vitest'
import { decode, Grid, grouped, NOTHING, paint, panned, pixel, SHAPES, toData, toScreen, whole, zoomed, type Points } from './map'

/** A map as the server lays it out. */
function encoded(rows: { x: number; y: number; row: number; label: number; predicted: number; confidence: number; flags: number }[]) {
  const said = { names: ['a', 'b', 'c'], counts: { label: [1, 1, 0], predicted: [2, 1, 0] }, total: 9, task: 't', kind: 'classify', model: 'm', pair: null, space: 'groups', meaning: true }
  let text = JSON.stringify(said)
  text += ' '.repeat((4 - (text.length % 4)) % 4)
  const m = rows.length
  const buffer = new ArrayBuffer(12 + text.length + m * 18)
  const view = new DataView(buffer)
  new Uint8Array(buffer).set(new TextEncoder().encode('AQM1'), 0)
  view.setUint32(4, m, true)
  view.setUint32(8, text.length, true)
  new Uint8Array(buffer).set(new TextEncoder().encode(text), 12)
  let at = 12 + text.length
  for (const one of rows) { view.setFloat32(at, one.x, true); at += 4 }
  for (const one of rows) { view.setFloat32(at, one.y, true); at += 4 }
  for (const one of rows) { view.setUint32(at, one.row, true); at += 4 }
  for (const one of rows) { view.setUint16(at, one.label, true); at += 2 }
  for (const one of rows) { view.setUint16(at, one.predicted, true); at += 2 }
  for (const one of rows) view.setUint8(at++, one.confidence)
  for (const one of rows) view.setUint8(at++, one.flags)
  return buffer
}
const rows = [
  { x: 0, y: 0, row: 4, label: 0, predicted: 0, confidence: 255, flags: 9 },
  { x: 0.5, y: 0.25, row: 70_000, label: 1, predicted: 0, confidence: 100, flags: 11 },
  { x: -0.5, y: -0.5, row: 6, label: NOTHING, predicted: 1, confidence: 10, flags: 8 },
]

describe('decode', () => {
  test('reads what the server lays out', () => {
    const points = decode(encoded(rows))
    expect([points.count, points.names, points.total]).toEqual([3, ['a', 'b', 'c'], 9])
    expect([...points.x, ...points.y]).toEqual([0, 0.5, -0.5, 0, 0.25, -0.5])
    expect([...points.row]).toEqual([4, 70_000, 6])
    expect([...points.label, ...points.predicted]).toEqual([0, 1, NOTHING, 0, 0, 1])
    expect([...points.confidence, ...points.flags]).toEqual([255, 100, 10, 9, 11, 8])
  })
  test('refuses what is no map or is cut short', () => {
    expect(() => decode(new ArrayBuffer(40))).toThrow('not a map')
    expect(() => decode(encoded(rows).slice(0, -1))).toThrow()
  })
})

test('groups: the mixed-up labels first, true counts, no label apart', () => {
  const points = decode(encoded(rows))
  const { of, groups } = grouped(points, 'label', ['b'])
  expect(groups.map((g) => [g.name, g.count])).toEqual([['b', 1], ['a', 1], ['no label', 7]])
  expect([...of]).toEqual([1, 0, 8])
  expect(grouped(points, 'wrong').groups.map((g) => [g.name, g.count])).toEqual([['wrong', 1], ['right', 1], ['no label', 1]])
  expect(new Set(grouped(points, 'predicted').groups.map((g) => g.shape)).size).toBeGreaterThan(1)
})

test('a place on the screen and in the data are each other’s inverse, through zooming and panning', () => {
  let view = whole(800, 600)
  view = panned(zoomed(view, 3, 100, 50), 40, -20)
  const [sx, sy] = toScreen(view, 0.3, -0.7)
  const [x, y] = toData(view, sx, sy)
  expect(x).toBeCloseTo(0.3, 9)
  expect(y).toBeCloseTo(-0.7, 9)
  const before = toData(view, 100, 50)
  const after = toData(zoomed(view, 2, 100, 50), 100, 50)
  expect(after[0]).toBeCloseTo(before[0], 9)
  expect(after[1]).toBeCloseTo(before[1], 9)
})

describe('paint', () => {
  const points = decode(encoded(rows))
  const { of } = grouped(points, 'label')
  const style = { of, shapes: Array.from({ length: 9 }, () => SHAPES[0]), colours: new Uint32Array(9).fill(7), faint: new Uint32Array(9).fill(3), shown: Array.from({ length: 9 }, () => true) }
  test('writes the shape of each point where it lies', () => {
    const pixels = new Uint32Array(100 * 100)
    expect(paint(pixels, points, whole(100, 100), style, null)).toBe(3)
    expect(pixels[50 * 100 + 50]).toBe(7)
    expect(pixels.filter((one) => one === 7).length).toBe(27)
  })
  test('leaves out what is not shown, and dims what is not marked', () => {
    const pixels = new Uint32Array(100 * 100)
    const shown = style.shown.map((_, at) => at !== of[0])
    expect(paint(pixels, points, whole(100, 100), { ...style, shown }, new Uint8Array([1, 1, 0]))).toBe(2)
    expect([pixels.filter((one) => one === 7).length, pixels.filter((one) => one === 3).length]).toEqual([9, 9])
  })
})

test('the grid finds what a slow search finds', () => {
  const xs = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i * 12.9898) * 1.3)
  const ys = Float32Array.from({ length: 2000 }, (_, i) => Math.cos(i * 78.233))
  const grid = new Grid(xs, ys, 32)
  for (let q = 0; q < 50; q++) {
    const [x, y] = [Math.sin(q), Math.cos(q * 3)]
    let best = -1
    let least = 0.01
    for (let i = 0; i < 2000; i++) {
      const d = (xs[i] - x) ** 2 + (ys[i] - y) ** 2
      if (d <= least) [best, least] = [i, d]
    }
    expect(grid.nearest(x, y, 0.1)).toBe(best)
  }
})

test('colours become pixels', () => {
  expect(pixel('#010203')).toBe(0xff030201)
  expect(pixel('rgb(1, 2, 3)', 0)).toBe(0x00030201)
})
