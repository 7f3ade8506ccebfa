/** Which points lie inside a line that somebody drew. */

export type Point = [x: number, y: number]

/** Whether a point lies inside a polygon, by how often a ray to the right crosses it (even-odd). */
export function inside(polygon: Point[], x: number, y: number): boolean {
  let within = false
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i]
    const [xj, yj] = polygon[j]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within
  }
  return within
}

/** Indices of all points inside; `shown` leaves points out. O(points), with a polygon of some hundred corners. */
export function within(polygon: Point[], xs: Float32Array, ys: Float32Array, shown?: (index: number) => boolean): number[] {
  if (polygon.length < 3) return []
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const [x, y] of polygon) {
    left = Math.min(left, x)
    right = Math.max(right, x)
    low = Math.min(low, y)
    high = Math.max(high, y)
  }
  const found: number[] = []
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i], ys[i]]
    if (x >= left && x <= right && y >= low && y <= high && (!shown || shown(i)) && inside(polygon, x, y)) found.push(i)
  }
  return found
}

/** The corners of a rectangle, such as one made by arrow keys. */
export const rectangle = (x: number, y: number, width: number, height: number): Point[] => [
  [x - width / 2, y - height / 2],
  [x + width / 2, y - height / 2],
  [x + width / 2, y + height / 2],
  [x - width / 2, y + height / 2],
]

/** A hand-drawn line without the corners that nobody sees: those nearer than `least` to the one before. */
export function eased(line: Point[], least: number): Point[] {
  const kept: Point[] = []
  for (const point of line) {
    const last = kept.at(-1)
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) >= least) kept.push(point)
  }
  return kept
}
