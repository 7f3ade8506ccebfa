/**
 * The confusion map's points: read from one binary answer, drawn into an ImageData, found again by a grid.
 *
 * Each group of points has a colour and a shape, so that nobody needs to tell colours apart. Drawing writes whole pixels
 * into one Uint32Array: 100,000 points take some 10 ms, where `fillRect` for each takes ten times that.
 */

export const NOTHING = 0xffff
export const LABELLED = 1
export const WRONG = 2
export const STEER = 4
export const ANSWERED = 8

export type Points = {
  count: number
  names: string[]
  counts: { label: number[]; predicted: number[] }
  total: number
  task: string | null
  kind: string | null
  model: string | null
  pair: [string, string] | null
  space: 'groups' | 'pair' | 'variance'
  meaning: boolean
  x: Float32Array
  y: Float32Array
  row: Uint32Array
  label: Uint16Array
  predicted: Uint16Array
  confidence: Uint8Array
  flags: Uint8Array
}

/** Read what `GET /api/map` sends; see `loop.map.Points.to_bytes`. */
export function decode(buffer: ArrayBuffer): Points {
  const view = new DataView(buffer)
  if (buffer.byteLength < 12 || new TextDecoder().decode(new Uint8Array(buffer, 0, 4)) !== 'AQM1') throw new Error('this is not a map')
  const count = view.getUint32(4, true)
  const size = view.getUint32(8, true)
  const said = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 12, size))) as Omit<Points, 'count'>
  let at = 12 + size
  const next = (bytes: number) => {
    const from = at
    at += bytes * count
    return from
  }
  const points = {
    ...said,
    count,
    x: new Float32Array(buffer, next(4), count),
    y: new Float32Array(buffer, next(4), count),
    row: new Uint32Array(buffer, next(4), count),
    label: new Uint16Array(buffer, next(2), count),
    predicted: new Uint16Array(buffer, next(2), count),
    confidence: new Uint8Array(buffer, next(1), count),
    flags: new Uint8Array(buffer, next(1), count),
  }
  if (at !== buffer.byteLength) throw new Error('the map is cut short')
  return points
}

/** Where on the screen a point lies: `screen = (data - centre) * scale + half the canvas`, y upwards. */
export type View = { x: number; y: number; scale: number; width: number; height: number }

export const whole = (width: number, height: number): View => ({ x: 0, y: 0, scale: 0.46 * Math.min(width, height), width, height })
export const toScreen = (view: View, x: number, y: number): [number, number] => [
  (x - view.x) * view.scale + view.width / 2,
  (view.y - y) * view.scale + view.height / 2,
]
export const toData = (view: View, sx: number, sy: number): [number, number] => [
  (sx - view.width / 2) / view.scale + view.x,
  view.y - (sy - view.height / 2) / view.scale,
]
/** Nearer or further, with what lies under a place of the screen staying there. */
export function zoomed(view: View, factor: number, sx = view.width / 2, sy = view.height / 2): View {
  const scale = Math.min(20_000, Math.max(40, view.scale * factor))
  const [x, y] = toData(view, sx, sy)
  return { ...view, scale, x: x - (sx - view.width / 2) / scale, y: y + (sy - view.height / 2) / scale }
}
export const panned = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale })

/** A shape of a point: pixels of a 5x5 grid around it, for the canvas and for the legend alike. */
export const SHAPES: readonly (readonly [number, number][])[] = [
  stamp('.....', '.###.', '.###.', '.###.', '.....'), // square
  stamp('.....', '..#..', '.###.', '..#..', '.....'), // plus
  stamp('.....', '.#.#.', '..#..', '.#.#.', '.....'), // cross
  stamp('..#..', '.#.#.', '#...#', '.#.#.', '..#..'), // diamond
  stamp('.....', '.....', '####.', '####.', '.....'), // bar
  stamp('..#..', '..#..', '..#..', '..#..', '..#..'), // stroke
  stamp('.....', '.##..', '.##..', '.....', '.....'), // dot
]
export const DOT = 6

function stamp(...rows: string[]): [number, number][] {
  return rows.flatMap((row, y) => [...row].flatMap((cell, x): [number, number][] => (cell === '#' ? [[x - 2, y - 2]] : [])))
}

export type Colouring = 'label' | 'predicted' | 'wrong' | 'confidence'
export type Group = { id: number; name: string; count: number; shape: number; colour: number; hint?: string }
export const OTHER = 7
const TOP = 6

/** The group of every point, and the groups: the most mixed-up labels first, then the others together. */
export function grouped(points: Points, by: Colouring, first: string[] = []): { of: Uint8Array; groups: Group[] } {
  const of = new Uint8Array(points.count)
  if (by === 'wrong') {
    let [right, wrong] = [0, 0]
    for (let i = 0; i < points.count; i++) {
      const flags = points.flags[i]
      of[i] = !(flags & LABELLED) ? 2 : flags & WRONG ? 1 : 0
      if (of[i] === 1) wrong++
      else if (of[i] === 0) right++
    }
    return {
      of,
      groups: [
        { id: 1, name: 'wrong', count: wrong, shape: 2, colour: 9, hint: 'by a model that had not seen the label' },
        { id: 0, name: 'right', count: right, shape: 0, colour: 0 },
        { id: 2, name: 'no label', count: points.count - right - wrong, shape: DOT, colour: 8 },
      ],
    }
  }
  if (by === 'confidence') {
    const bars = [128, 179, 230, 256]
    const counts = [0, 0, 0, 0, 0]
    for (let i = 0; i < points.count; i++) {
      of[i] = points.flags[i] & ANSWERED ? bars.findIndex((bar) => points.confidence[i] < bar) : 4
      counts[of[i]]++
    }
    const named = ['under 50 %', '50–70 %', '70–90 %', 'over 90 %', 'not answered']
    const shapes = [2, 3, 1, 0, DOT]
    const colours = [9, 2, 1, 0, 8]
    return { of, groups: named.map((name, id) => ({ id, name, count: counts[id], shape: shapes[id], colour: colours[id] })).filter((one) => one.count > 0) }
  }
  const codes = by === 'label' ? points.label : points.predicted
  const counts = points.counts[by]
  const chosen = leading(points, counts, first)
  const place = new Uint8Array(points.names.length).fill(OTHER)
  chosen.forEach((code, at) => (place[code] = at))
  for (let i = 0; i < points.count; i++) of[i] = codes[i] === NOTHING ? OTHER + 1 : place[codes[i]]
  const shown = chosen.reduce((sum, code) => sum + counts[code], 0)
  const all = counts.reduce((sum, n) => sum + n, 0)
  return {
    of,
    groups: [
      ...chosen.map((code, at) => ({ id: at, name: points.names[code], count: counts[code], shape: at, colour: at })),
      { id: OTHER, name: `${points.names.length - chosen.length} others`, count: all - shown, shape: DOT, colour: OTHER },
      { id: OTHER + 1, name: by === 'label' ? 'no label' : 'not answered', count: points.total - all, shape: DOT, colour: 8 },
    ].filter((one) => one.count > 0),
  }
}

/** The labels that get a colour: those of the pair, those mixed up most, then the commonest. */
function leading(points: Points, counts: number[], first: string[]): number[] {
  const code = new Map(points.names.map((name, at) => [name, at]))
  const wanted = [...(points.pair ?? []), ...first].flatMap((name) => code.get(name) ?? [])
  const common = counts.map((_, at) => at).sort((a, b) => counts[b] - counts[a])
  return [...new Set([...wanted, ...common])].filter((at) => counts[at] > 0).slice(0, points.pair ? 2 : TOP)
}

/** Draw points into the pixels of a canvas, those of `last` on top, faint ones below. Returns how many are in view. */
export function paint(
  pixels: Uint32Array,
  points: Points,
  view: View,
  group: { of: Uint8Array; shapes: readonly (readonly [number, number][])[]; colours: Uint32Array; faint: Uint32Array; shown: boolean[] },
  marked: Uint8Array | null,
  ratio = 1,
): number {
  pixels.fill(0)
  const width = Math.round(view.width * ratio)
  const height = Math.round(view.height * ratio)
  const scale = view.scale * ratio
  const left = width / 2 - view.x * scale
  const top = height / 2 + view.y * scale
  const grow = ratio > 1.4 ? 2 : 1
  let seen = 0
  const pass = (wanted: 0 | 1, colours: Uint32Array) => {
    for (let i = 0; i < points.count; i++) {
      if (marked !== null && marked[i] !== wanted) continue
      const kind = group.of[i]
      if (!group.shown[kind]) continue
      const px = (points.x[i] * scale + left) | 0
      const py = (top - points.y[i] * scale) | 0
      if (px < 5 || py < 5 || px >= width - 5 || py >= height - 5) continue
      seen++
      const colour = colours[kind]
      const shape = group.shapes[kind]
      for (let s = 0; s < shape.length; s++) {
        const at = (py + shape[s][1] * grow) * width + px + shape[s][0] * grow
        pixels[at] = colour
        if (grow === 2) {
          pixels[at + 1] = colour
          pixels[at + width] = colour
          pixels[at + width + 1] = colour
        }
      }
    }
  }
  if (marked !== null) pass(0, group.faint)
  pass(1, group.colours)
  return seen
}

/** Points by cells of a grid, for finding the one under the pointer. */
export class Grid {
  private readonly starts: Uint32Array
  private readonly order: Uint32Array
  private readonly left: number
  private readonly low: number
  private readonly step: number

  constructor(
    private readonly xs: Float32Array,
    private readonly ys: Float32Array,
    private readonly side = 128,
  ) {
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity]
    for (let i = 0; i < xs.length; i++) {
      left = Math.min(left, xs[i])
      right = Math.max(right, xs[i])
      low = Math.min(low, ys[i])
      high = Math.max(high, ys[i])
    }
    this.left = left
    this.low = low
    this.step = Math.max(right - left, high - low, 1e-9) / side
    this.starts = new Uint32Array(side * side + 1)
    for (let i = 0; i < xs.length; i++) this.starts[this.cell(xs[i], ys[i]) + 1]++
    for (let c = 0; c < side * side; c++) this.starts[c + 1] += this.starts[c]
    this.order = new Uint32Array(xs.length)
    const next = this.starts.slice()
    for (let i = 0; i < xs.length; i++) this.order[next[this.cell(xs[i], ys[i])]++] = i
  }

  /** The nearest point within a distance, -1 where there is none; `shown` leaves points out. */
  nearest(x: number, y: number, within: number, shown?: (index: number) => boolean): number {
    const [fromX, toX] = [this.column(x - within, this.left), this.column(x + within, this.left)]
    const [fromY, toY] = [this.column(y - within, this.low), this.column(y + within, this.low)]
    let best = -1
    let distance = within * within
    for (let cy = fromY; cy <= toY; cy++)
      for (let cx = fromX; cx <= toX; cx++) {
        const cell = cy * this.side + cx
        for (let at = this.starts[cell]; at < this.starts[cell + 1]; at++) {
          const i = this.order[at]
          const d = (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2
          if (d <= distance && (!shown || shown(i))) {
            best = i
            distance = d
          }
        }
      }
    return best
  }

  private column(value: number, from: number) {
    return Math.max(0, Math.min(this.side - 1, Math.floor((value - from) / this.step)))
  }
  private cell(x: number, y: number) {
    return this.column(y, this.low) * this.side + this.column(x, this.left)
  }
}

/** `rgb(1, 2, 3)` or `#010203` as the pixel that a canvas holds (little-endian RGBA). */
export function pixel(colour: string, alpha = 255): number {
  const hex = /^#([0-9a-f]{6})/i.exec(colour)
  const parts = hex ? [0, 2, 4].map((at) => parseInt(hex[1].slice(at, at + 2), 16)) : (colour.match(/[\d.]+/g) ?? ['128', '128', '128']).slice(0, 3).map(Number)
  return ((alpha << 24) | (parts[2] << 16) | (parts[1] << 8) | parts[0]) >>> 0
}
