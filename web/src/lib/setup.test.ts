import { expect, test } from 'vitest'
import { free, listed, names, type Found } from './setup'

const found: Found = {
  name: 'mail', rows: 3, columns: ['body', 'intent', 'thread', 'when', 'channel'], sample: [], text: 'body', group: 'thread', time: 'when', id: null,
  reasons: {}, slices: [], unused: ['channel'], notices: [],
  tasks: [{ name: 'intent', column: 'intent', kind: 'classify', rows: 3, labels: [], target: { accuracy: 0.9, recall: null, precision: null, on: null } }],
}
test('a column has one role; its own is among those to choose from', () => {
  expect(free(found, 'thread')).toEqual(['thread', 'channel'])
  expect(free(found, null)).toEqual(['channel'])
})
test('names by commas or lines, once each', () => {
  expect(names(' refund, cancel\nother,,refund')).toEqual(['refund', 'cancel', 'other'])
})
test('files in a few words', () => {
  expect([listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c', 'd'])]).toEqual(['a', 'a and b', 'a and 3 more'])
})
