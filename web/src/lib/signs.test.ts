import { expect, test } from 'vitest'
import { signOf } from './signs'

test('each state has a sign and a word, and what nobody knows is said as it is', () => {
  expect(signOf('blocked')).toMatchObject({ sign: '✕', says: 'blocked', tone: 'bad' })
  expect(signOf('withdrawn')).toEqual({ sign: '○', says: 'withdrawn', tone: 'quiet' })
})
