import { afterEach, expect, test, vi } from 'vitest'
import { bind, bound, grouped, press, shown } from './keys.svelte'

const stops: (() => void)[] = []
const held = (...of: Parameters<typeof bind>) => (stops.push(bind(...of)), stops.at(-1)!)
const hit = (key: string, more: KeyboardEventInit = {}, on: HTMLElement = document.body) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  Object.defineProperty(event, 'target', { value: on })
  press(event)
  return event
}
afterEach(() => stops.splice(0).forEach((stop) => stop()))

test('the newest layer wins, and the one below is back when it goes', () => {
  const [below, above] = [vi.fn(), vi.fn()]
  held([{ key: 'a', does: 'below', run: below }])
  const stop = held([{ key: 'a', does: 'above', run: above }])
  hit('a')
  stop()
  hit('a')
  expect([below.mock.calls.length, above.mock.calls.length]).toEqual([1, 1])
})

test('a dialog keeps keys from what lies under it, and the help still lists those', () => {
  const below = vi.fn()
  held([{ key: 'a', does: 'accept', run: below }])
  held([], { alone: true })
  hit('a')
  expect(below).not.toHaveBeenCalled()
  expect(bound().map((one) => one.does)).toContain('accept')
})

test('sequences such as g b, and g alone does nothing', () => {
  const board = vi.fn()
  held([{ key: 'g b', does: 'board', run: board }])
  hit('b')
  hit('g')
  hit('x')
  hit('b')
  expect(board).not.toHaveBeenCalled()
  hit('g')
  hit('b')
  expect(board).toHaveBeenCalledOnce()
})

test('who types isn’t heard, but for cmd and escape', () => {
  const run = vi.fn()
  held(['a', 'cmd+k', 'escape'].map((key) => ({ key, does: key, run })))
  const field = document.createElement('textarea')
  hit('a', {}, field)
  expect(run).not.toHaveBeenCalled()
  hit('k', { ctrlKey: true }, field)
  hit('Escape', {}, field)
  expect(run).toHaveBeenCalledTimes(2)
})

test('two keys in one tick are both heard, a hundred times', () => {
  let n = 0
  held([{ key: '1', does: 'one', run: () => n++ }])
  for (let i = 0; i < 200; i++) hit('1')
  expect(n).toBe(200)
})

test('space on a button is the button’s', () => {
  const run = vi.fn()
  held([{ key: 'space', does: 'skip', run }])
  hit(' ', {}, document.createElement('button'))
  expect(run).not.toHaveBeenCalled()
  hit(' ')
  expect(run).toHaveBeenCalledOnce()
})

test('keys are shown as they stand on the keyboard', () => {
  expect(shown('cmd+k', true)).toEqual(['⌘', 'k'])
  expect(shown('g b')).toEqual(['g', 'b'])
  expect(shown('+')).toEqual(['+'])
})

test('the help has a line for what is done, with all its keys, screens and what is everywhere last', () => {
  const run = () => {}
  const keys = [
    { key: '?', does: 'keys of this screen', group: 'everywhere', run },
    { key: 'j', does: 'the cell below', group: 'board', run },
    { key: 'arrowdown', does: '', group: 'board', run },
    { key: 'g b', does: 'Board', group: 'go to', run },
  ]
  expect(grouped(keys)).toEqual([
    ['board', [{ keys: ['j', 'arrowdown'], does: 'the cell below' }]],
    ['go to', [{ keys: ['g b'], does: 'Board' }]],
    ['everywhere', [{ keys: ['?'], does: 'keys of this screen' }]],
  ])
})
