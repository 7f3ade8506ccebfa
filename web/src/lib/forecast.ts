/** From labels to go to hours, money and a day: what is known, at the pace of the last week. */
import { count, day, span } from './format'
import type { Money, Pace, Reach } from './board'

export type Outlook = {
  labels: string
  range: string | null
  hours: string | null
  money: string | null
  date: string | null
  dates: string | null
  says: string
}

/** How long so many labels take, in seconds, at the pace of people; null where nobody answered yet. */
export const seconds = (labels: number, pace: Pace) => (pace.seconds === null ? null : labels * pace.seconds)

/** The day on which so many labels are there, at as many a day as in the last week. */
export const when = (labels: number, pace: Pace, now: number) => (pace.a_day ? now + (labels / pace.a_day) * 86400 : null)

/** `12.40 €`; cents only while they matter. */
export function price(amount: number, currency: string): string {
  const shown = amount < 100 ? amount.toFixed(2) : count(amount)
  return `${shown}\u00a0${currency || '€'}`
}

/** What the tiles of the board say. */
export function outlook(reach: Reach, pace: Pace, money: Money, now = Date.now() / 1000): Outlook {
  const spread = reach.low !== reach.high
  const blind = reach.settles === 0 && reach.beyond > 0 // open cells, and none of them can be foreseen
  const takes = blind ? null : seconds(reach.labels, pace)
  const [at, from, till] = blind ? [null, null, null] : [reach.labels, reach.low, reach.high].map((labels) => when(labels, pace, now))
  return {
    labels: blind ? '–' : count(reach.labels),
    range: spread ? `${count(reach.low)}–${count(reach.high)}` : null,
    hours: takes === null ? null : span(takes),
    money: takes === null || money === null ? null : price((takes / 3600) * money.amount, money.currency),
    date: at === null ? null : day(at),
    dates: from === null || till === null || day(from) === day(till) ? null : `${day(from)} – ${day(till)}`,
    says: said(reach),
  }
}

function said(reach: Reach): string {
  if (reach.settles === 0 && reach.beyond === 0) return 'every cell is adequate'
  const many = reach.settles === 1 ? 'cell' : 'cells'
  const settles = reach.labels === 0 ? `${count(reach.settles)} ${many} likely to be proven at the next look` : `settle ${count(reach.settles)} open ${many}`
  const more = (some: string) => `${count(reach.beyond)}${some} can’t be foreseen: too few examples, or no trend yet`
  if (reach.settles === 0) return more(reach.beyond === 1 ? ' cell' : ' cells')
  const beyond = more(' more')
  return reach.beyond === 0 ? settles : `${settles}; ${beyond}`
}
