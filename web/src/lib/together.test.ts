import { describe, expect, it } from 'vitest'
import { judged } from './together'

describe('agreement in words', () => {
  it('says what the thresholds of the method say', () => {
    expect(judged({ alpha: 0.81, measure: 'alpha' }).say).toBe('reliable')
    expect(judged({ alpha: 0.7, measure: 'alpha' }).say).toContain('tentative')
    expect(judged({ alpha: 0.2, measure: 'alpha' }).say).toContain('guide')
    expect(judged({ alpha: null, measure: 'alpha' }).say).toContain('yet')
  })
})
