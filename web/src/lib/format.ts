/** Figures and times as people read them. Fractions come in as fractions. */

/** `.942` -> `94.2 %`; a hundred percent is only said of all, nought of nothing. */
export function percent(fraction: number | null | undefined, digits = 1): string {
  if (fraction === null || fraction === undefined || Number.isNaN(fraction)) return '–'
  const least = 10 ** -digits
  if (fraction > 0 && 100 * fraction < least / 2) return `<\u2009${least.toFixed(digits)}\u00a0%`
  const shown = fraction < 1 ? Math.min(100 * fraction, 100 - least) : 100
  return `${shown.toFixed(digits)}\u00a0%`
}

/** A change of a fraction, in points: `+1.2`. */
export const points = (change: number, digits = 1) =>
  `${change > 0 ? '+' : change < 0 ? '−' : '±'}${Math.abs(100 * change).toFixed(digits)}`

const whole = new Intl.NumberFormat('en-GB')
export const count = (n: number) => whole.format(Math.round(n)).replaceAll(',', '\u2009')

/** One or many: `plural(1, 'label')` -> `1 label`. */
export const plural = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`

/** How many more, or fewer: `+24`, `−1`, `±0`. */
export const more = (n: number) => `${n > 0 ? '+' : n < 0 ? '−' : '±'}${count(Math.abs(n))}`

/** How long ago, from seconds since 1970: `3 min ago`. */
export function ago(at: number, now = Date.now() / 1000): string {
  const s = Math.max(0, now - at)
  if (s < 45) return 'just now'
  return s < 5400 ? `${Math.max(1, Math.round(s / 60))} min ago` : s < 86400 * 1.5 ? `${Math.round(s / 3600)} h ago` : day(at)
}

/** How long: `1 h 20 min`. */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${Math.round(minutes / 60)} h`
}

/** A day: `28 Nov`, with the year when it isn't this one. */
export function day(at: number, now = new Date()): string {
  const date = new Date(at * 1000)
  const year = date.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year })
}

/** A day and the time of it. */
export const moment = (at: number) =>
  new Date(at * 1000).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

export const bytes = (n: number) =>
  n < 1e3 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(1)} GB`
