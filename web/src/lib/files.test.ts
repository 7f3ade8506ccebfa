import { describe, expect, it } from 'vitest'
import { share, told, type Job } from './files'

const brought = { format: 'table', new: 1, known: 0, labels: {}, disputed: 0, notices: [], losses: [] }

describe('what a file brought', () => {
  it('is one sentence', () => {
    expect(told(brought)).toBe('1 new example · no new label')
    expect(told({ ...brought, new: 1200, known: 3, labels: { intent: 2, urgent: 0 }, disputed: 1 })).toBe(
      '1\u2009200 new examples · 3 known already · 2 labels of intent · 1 dispute for a reviewer',
    )
  })
  it('has no share of an unknown whole', () => {
    const job = { now: { done: 5, total: null } } as Job
    expect(share(job)).toBeNull()
    expect(share({ ...job, now: { done: 5, total: 10 } })).toBe(0.5)
  })
})
