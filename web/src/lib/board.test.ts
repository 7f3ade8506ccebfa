import { expect, test } from 'vitest'
import { address, beside, brief, figure, keyAt, labelRows, layout, moved, nextSays, row, stands, tally, turns, unmeasured, words, type Board, type Cell, type Mark } from './board'

const cell = (label: string | null, more: Partial<Cell> = {}): Cell => ({
  key: `intent/all/${label === null ? '' : `${label}/`}${more.metric ?? 'recall'}`,
  name: '', task: 'intent', slice: 'all', label, metric: 'recall', n: 20, value: 0.9, low: 0.8, high: 0.95, target: 0.85, state: 'unknown', mark: 'near',
  sign: '◐', to_go: '120 to decide', need: 120, room: 500, change: null, before: null, critical: false, forecast: null, ...more,
})

test.each([[0.961, '96.1'], [0.9, '90'], [0.876, '88'], [1, '100'], [0, '0'], [0.004, '0.4'], [null, '–']])('%s is shown as %s, as in the terminal', (value, shown) => {
  expect(figure(value)).toBe(shown)
})

test('an address leads back to its cell, whatever its names hold', () => {
  for (const one of [cell(null, { slice: 'rare words', metric: 'accuracy', key: 'intent/rare words/accuracy' }), cell('a/b ü', { key: 'intent/all/a/b ü/recall' })]) {
    const parts = address(one).split('/').slice(1).map(decodeURIComponent)
    expect(keyAt(parts)).toBe(one.key)
  }
  expect(keyAt(['board'])).toBeNull()
})

test('the address of a cell that a test measures is that of the test', () => {
  expect(address(cell('survives typos', { metric: 'envelope' }))).toBe('/tests/intent/all/survives%20typos/envelope')
})

test('what is missing fits the width of a few figures', () => {
  expect(brief(cell('a'))).toBe('120')
  expect(brief(cell('a', { state: 'adequate' }))).toBe('')
  expect(brief(cell('a', { need: 900 }))).toBe('>500')
  expect(brief(cell('a', { need: 900, room: 0 }))).toBe('data')
  expect(words('44 to decide; 0 left to ask')).toBe('44 labels to decide: all that measure have one, so add data')
  expect(brief(cell('a', { to_go: 'due at the next look' }))).toBe('due')
  expect(brief(cell('a', { need: null, forecast: { labels: 306, low: 155, high: 655 } }))).toBe('≈306')
  expect(brief(cell('a', { need: null, to_go: 'no forecast' }))).toBe('–')
  expect(words('1,056 to decide; 505 left to ask')).toBe('1\u2009056 labels to decide; 505 left to ask')
})

test('a label is one line with all its metrics, worst first', () => {
  const cells = [
    cell('card', { mark: 'adequate', state: 'adequate' }),
    cell('fee', { mark: 'near', need: 40 }),
    cell('fee', { metric: 'precision', mark: 'inadequate', state: 'inadequate' }),
    cell('loan', { mark: 'near', need: 10 }),
    cell(null, { metric: 'accuracy' }),
  ]
  expect(labelRows(cells).map((one) => [one.label, one.cells.length, one.mark])).toEqual([['fee', 2, 'inadequate'], ['loan', 1, 'near'], ['card', 1, 'adequate']])
  expect(labelRows(cells, 'name').map((one) => one.label)).toEqual(['card', 'fee', 'loan'])
  expect(labelRows(cells, 'to go')[0].label).toBe('card')
})

test('the matrix has a column a slice, empty where nothing is asked for', () => {
  const cells = [cell(null, { metric: 'accuracy' }), cell(null, { slice: 'short', metric: 'accuracy' })]
  const board = { slices: ['all', 'long', 'short'], cells } as Board
  expect(row(board, 'intent').map((one) => one?.slice)).toEqual(['all', undefined, 'short'])
  expect(row(board, 'urgent')).toEqual([undefined, undefined, undefined])
})

test('each mark is counted, also those that nobody has', () => {
  expect(tally([cell('a'), cell('b'), cell('c', { mark: 'few' as Mark })])).toMatchObject({ near: 2, few: 1, adequate: 0 })
})

test('only cells that are otherwise than before are lit', () => {
  const before = [cell('a'), cell('b'), cell('c')]
  const after = [cell('a'), cell('b', { value: 0.91 }), cell('c', { mark: 'adequate' }), cell('new')]
  expect([...moved(before, after)]).toEqual(['intent/all/b/recall', 'intent/all/c/recall'])
})

test('hjkl go to the nearest cell that way, straight ahead before askew', () => {
  // 0 1 2
  // 3   4
  const boxes = [[0, 0], [100, 0], [200, 0], [0, 50], [200, 50]].map(([left, top]) => ({ left, top, width: 80, height: 30 }))
  expect(beside(boxes, 0, 'right')).toBe(1)
  expect(beside(boxes, 3, 'right')).toBe(4)
  expect(beside(boxes, 2, 'down')).toBe(4)
  expect(beside(boxes, 3, 'up')).toBe(0)
  expect(beside(boxes, 2, 'right')).toBe(-1)
  expect(beside(boxes, -1, 'down')).toBe(0)
  expect(beside([], -1, 'down')).toBe(-1)
})

test('a turning cycle says once which it is, and that it is being done', () => {
  expect(turns({ cycle: 1, what: 'cycle 1: embed' })).toBe('cycle 1: embed')
  expect(turns({ cycle: 1, what: 'embedding' })).toBe('cycle 1: embedding')
  expect(turns({ what: '' })).toBe('a cycle: turning')
  const next = { action: 'run', say: 'cycle 1 was interrupted after its start; go on.' } as Board['next']
  expect(nextSays({ next, model: null }, true)).toContain('first model is being made')
  expect(nextSays({ next, model: null }, false)).toBe(next.say)
})

test('many slices are laid out so that all can be seen', () => {
  expect([layout(1, 4), layout(5, 6), layout(1, 30), layout(5, 30)]).toEqual(['table', 'table', 'cards', 'lines'])
})

test('where a cell stands is said once', () => {
  expect(stands({ mark: 'near', to_go: '876 to decide' }, 'labels to go')).toBe('876 labels to decide')
  expect(stands({ mark: 'open', to_go: 'no forecast' }, 'no forecast')).toBe('no forecast')
  expect(stands({ mark: 'few', to_go: '145 to decide' }, 'too few labels to tell')).toBe('too few labels to tell: 145 labels to decide')
  expect(stands({ mark: 'adequate', to_go: '' }, 'proven to be at its target')).toBe('proven to be at its target')
})

test('a board without figures says what brings them', () => {
  expect(unmeasured({ labels: { teach: 0, steer: 0, gate: 0 } })).toContain('Nothing is labelled yet')
  expect(unmeasured({ labels: { teach: 388, steer: 30, gate: 82 } })).toContain('learns from 388 labels, and is tested on 82 labels')
})
