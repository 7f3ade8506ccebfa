import { expect, test } from 'vitest'
import { next } from './walk'

test('a walk stays within the list and starts at its ends', () => {
  expect([next(-1, 1, 3), next(-1, -1, 3), next(2, 1, 3), next(0, -1, 3), next(0, 1, 3), next(0, 1, 0)]).toEqual([0, 2, 2, 0, 1, -1])
})
