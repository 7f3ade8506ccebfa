import { describe, expect, it } from 'vitest'
import { abilities, firstScreen, good, link, over, sentence, type Entry, type Invite } from './people'

const invite = (more: Partial<Invite> = {}): Invite => ({ id: 'a', role: 'labeller', by: 'ann', at: 0, until: 100, uses: 0, most: 1, person: null, revoked: null, ...more })
const entry = (more: Partial<Entry>): Entry => ({ seq: 1, at: 0, actor: 'ann', kind: 'people', topic: 'people', example: '', task: '', source: 'human', value: null, why: '', body: null, ...more })

describe('people', () => {
  it('a role may do all that the ones before it may', () => {
    expect(abilities('viewer')).toHaveLength(1)
    expect(abilities('reviewer').slice(0, 2)).toEqual(abilities('labeller'))
  })
  it('labellers begin with a question, others with the board', () => {
    expect(firstScreen('labeller')).toBe('/label')
    expect(firstScreen('viewer')).toBe('/board')
  })
  it('the key of a link stands where no server sees it', () => {
    expect(new URL(link('k', 'http://x')).hash).toBe('#k')
  })
  it('an invite that is used, expired or taken back is no longer good, and says which', () => {
    expect(good(invite(), 50)).toBe(true)
    for (const [more, why] of [[{ uses: 1 }, 'used'], [{ revoked: 5 }, 'taken back'], [{}, 'expired']] as const) {
      expect(good(invite(more), 101)).toBe(false)
      expect(over(invite(more))).toBe(why)
    }
  })
  it('an event is a sentence', () => {
    expect(sentence(entry({ value: 'role', body: { of: 'bob', was: 'viewer', role: 'reviewer' } }))).toBe('made bob reviewer; was viewer')
    expect(sentence(entry({ kind: 'label', task: 'intent', example: '0123456789', value: 'refund' }))).toBe('intent · refund')
  })
})
