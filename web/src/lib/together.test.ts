import { describe, expect, it } from 'vitest'
import { judged, percent, since } from './together'

describe('agreement in words', () => {
  it('says what the thresholds of the method say', () => {
    expect(judged({ alpha: 0.81, measure: 'alpha' }).say).toBe('reliable')
    expect(judged({ alpha: 0.7, measure: 'alpha' }).say).toContain('tentative')
    expect(judged({ alpha: 0.2, measure: 'alpha' }).say).toContain('guide')
    expect(judged({ alpha: null, measure: 'alpha' }).say).toContain('yet')
  })
  it('counts time in the largest unit that fits, whatever the clocks say', () => {
    expect(since(0, 7200)).toBe('2 hours ago')
    expect(since(0, 86400)).toBe('1 day ago')
    expect(since(100, 0)).toBe('just now')
  })
  it('has no percentage for what is not known', () => expect([percent(null), percent(0.5)]).toEqual(['–', '50 %']))
})
