/** The lines of the burn-up: adequate cells so far, and the fan to where the forecast has the rest. */
import type { Board } from './board'
import { count, day } from './format'
import { when } from './forecast'

export type Axis = 'labels' | 'time'
type Line = (number | null)[]
export type Burn = { data: number[][] | Line[]; says: string }

/** x, adequate, likely, at best, at worst (and labels, over time): as uPlot wants them, null where a line has no point. */
export function burn(board: Board, axis: Axis, now: number): Burn {
  const { models, labels } = board.burn
  const so_far = models.map((model) => ({ x: axis === 'labels' ? model.labels : model.at, adequate: model.adequate }))
  const last = so_far.at(-1) ?? { x: 0, adequate: 0 }
  const reach = board.forecast
  const goal = last.adequate + reach.settles
  const ends = [reach.labels, reach.low, reach.high].map((more) =>
    axis === 'labels' ? (models.at(-1)?.labels ?? 0) + more : when(more, board.pace, now),
  )
  const ahead = reach.settles > 0 && ends.every((end) => end !== null && end > last.x) ? (ends as number[]) : null
  const xs = [...new Set([...so_far.map((one) => one.x), ...(axis === 'time' ? labels.at : []), ...(ahead ?? [])])].sort((a, b) => a - b)
  const at = new Map(so_far.map((one) => [one.x, one.adequate]))
  const fan = (end: number): Line => xs.map((x) => (x < last.x ? null : x === last.x ? last.adequate : Math.min(goal, last.adequate + ((goal - last.adequate) * (x - last.x)) / (end - last.x))))
  const none: Line = xs.map(() => null)
  const counts = new Map(labels.at.map((moment, index) => [moment, labels.count[index]]))
  const data: Line[] = [
    xs,
    xs.map((x) => at.get(x) ?? null),
    ahead ? fan(ahead[0]) : none,
    ahead ? fan(ahead[1]) : none,
    ahead ? fan(ahead[2]) : none,
    ...(axis === 'time' ? [xs.map((x) => counts.get(x) ?? null)] : []),
  ]
  // A line with gaps is drawn through them: every x that another line brought in is filled from its neighbours.
  for (const line of data.slice(1)) bridge(xs, line)
  const says =
    `${count(last.adequate)} of ${count(board.burn.cells)} cells are adequate after ${count(models.at(-1)?.labels ?? 0)} labels` +
    (ahead
      ? `; ${count(goal)} are likely with about ${count(reach.labels)} more${axis === 'time' ? `, on ${day(ahead[0])}` : ''}`
      : reach.settles > 0
        ? '; a date takes a pace: nobody answered in the last 7 days'
        : '')
  return { data, says }
}

/** Fill the gaps between two points of a line with what lies straight between them. */
export function bridge(xs: number[], line: Line): void {
  let before = -1
  for (let i = 0; i < line.length; i++) {
    if (line[i] === null) continue
    for (let j = before + 1; before >= 0 && j < i; j++)
      line[j] = line[before]! + ((line[i]! - line[before]!) * (xs[j] - xs[before])) / (xs[i] - xs[before])
    before = i
  }
}
