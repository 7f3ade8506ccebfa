/** How a state, a change, a verdict or a decision is shown: a sign and a word, the colour only in addition. */

export type Tone = 'good' | 'bad' | 'unsure' | 'quiet'
type Said = { sign: string; says: string; tone: Tone }

const SIGNS: Record<string, Said> = {
  adequate: { sign: '●', says: 'adequate', tone: 'good' },
  unknown: { sign: '◐', says: 'more labels needed to tell', tone: 'unsure' },
  inadequate: { sign: '✕', says: 'inadequate', tone: 'bad' },
  regressed: { sign: '▼', says: 'regressed', tone: 'bad' },
  suspect: { sign: '▽', says: 'suspect of a regression', tone: 'unsure' },
  improved: { sign: '▲', says: 'improved', tone: 'good' },
  not_regressed: { sign: '–', says: 'not regressed', tone: 'quiet' },
  passed: { sign: '✓', says: 'passed', tone: 'good' },
  blocked: { sign: '✕', says: 'blocked', tone: 'bad' },
  needs_labels: { sign: '◐', says: 'needs labels', tone: 'unsure' },
  accepted: { sign: '●', says: 'accepted', tone: 'good' },
  rejected: { sign: '✕', says: 'rejected', tone: 'bad' },
  candidate: { sign: '○', says: 'candidate', tone: 'quiet' },
}

/** What nobody knows is said as it is. */
export const signOf = (name: string): Said => SIGNS[name] ?? { sign: '○', says: name, tone: 'quiet' }
