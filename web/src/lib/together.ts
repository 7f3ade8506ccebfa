/** How people label together, in words. */

export type Said = { by: string; value: string | (string | { label: string })[]; at: number }
export type Team = {
  task: string
  alpha: number | null
  measure: 'alpha' | 'f1'
  shared: number
  by_label: { label: string; alpha: number }[]
  people: {
    id: string
    name: string
    answers: number
    last: number
    pace: number | null
    skill: number | null // of too few examples: none
    skill_low: number | null
    skill_high: number | null
    gold: { right: number; asked: number; low: number | null; high: number | null }
  }[]
  pairs: { one: string; other: string; examples: number; same: number }[]
  disputed: { item: number; example: string; text: string | null; answers: Said[] }[]
}

/** What an alpha is commonly taken to mean (Krippendorff 2004, p. 241). */
export function judged(team: Pick<Team, 'alpha' | 'measure'>): { say: string } {
  if (team.alpha === null) return { say: 'nothing to compare yet' }
  if (team.measure === 'f1') return { say: 'of what one marked, the other marked the same' }
  if (team.alpha >= 0.8) return { say: 'reliable' }
  if (team.alpha >= 0.667) return { say: 'good enough for tentative conclusions' }
  return { say: 'people do not mean the same: the guide needs a decision' }
}
