import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Connection, Refused, type Frame, type Hooks, type LiveEvent } from './connection'
import { Outbox } from './outbox'

/** The browser's WebSocket, and the server's end of it. */
class Line {
  readyState = 0
  sent: Frame[] = []
  onopen?: () => void
  onmessage?: (message: { data: string }) => void
  onclose?: (event: { code: number }) => void
  send = (text: string) => void this.sent.push(JSON.parse(text) as Frame)
  close = () => this.end(1005)
  open() {
    this.readyState = 1
    this.onopen?.()
    this.say({ t: 'ready', build: 'a', you: 'ann', role: 'labeller', seq: 40 })
  }
  say = (frame: Frame) => this.onmessage?.({ data: JSON.stringify(frame) })
  end(code = 1006) {
    this.readyState = 3
    this.onclose?.({ code })
  }
  ops = () => this.sent.filter((frame) => frame.t === 'op')
  subs = () => this.sent.filter((frame) => frame.t === 'sub')
}

let lines: Line[] = []
const last = () => lines.at(-1)!
function made(hooks: Hooks = {}, outbox = new Outbox(localStorage, ['mail', 'ann'])) {
  const connection = new Connection('ws://here', outbox, hooks, () => (lines.push(new Line()), last() as unknown as WebSocket), () => 1)
  connection.start()
  return connection
}
const event = (seq: number, topic = 'board', op?: string): Frame => ({ t: 'ev', seq, topic, by: 'bob', at: 0, kind: 'label', op, body: {} })

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  lines = []
})
afterEach(() => vi.useRealTimers())

test('an operation resolves once it is acknowledged, and is kept until then', async () => {
  const one = made()
  last().open()
  const asked = one.operate('label.set', 'example:x', { value: 'card' })
  expect(last().ops()).toMatchObject([{ op: asked.op, kind: 'label.set', body: { value: 'card' } }])
  expect(one.outbox.size).toBe(1)
  last().say({ t: 'ack', op: asked.op, seq: 41, rev: 41 })
  expect((await asked).seq).toBe(41)
  expect([one.outbox.size, localStorage.length]).toEqual([0, 0])
})

test('after a break what wasn’t acknowledged is sent again, in order, and nothing else', () => {
  const one = made()
  last().open()
  const asked = [0, 1, 2].map((n) => one.operate('span.put', 'example:x', { n }))
  last().say({ t: 'ack', op: asked[0].op, seq: 41, rev: 41 })
  last().end()
  one.operate('span.put', 'example:x', { n: 3 })
  vi.advanceTimersByTime(300)
  last().open()
  expect(last().ops().map((frame) => (frame.body as { n: number }).n)).toEqual([1, 2, 3])
})

test('it comes back after 0.3 s, then twice as late, at most 5 s', () => {
  made()
  const waits = [300, 600, 1200, 2400, 4800, 5000, 5000]
  for (const wait of waits) {
    const before = lines.length
    last().end()
    vi.advanceTimersByTime(wait - 1)
    expect(lines.length).toBe(before)
    vi.advanceTimersByTime(1)
    expect(lines.length).toBe(before + 1)
  }
})

test('a refusal is worded once, rejects, and is not sent again', async () => {
  const refused = vi.fn()
  const one = made({ refused })
  last().open()
  const asked = one.operate('label.set', 'example:x', { value: 'nonsense' })
  last().say({ t: 'nack', op: asked.op, why: 'no such label', remedy: 'choose another', current: 'card', again: false })
  await expect(asked).rejects.toMatchObject({ message: 'no such label', current: 'card' })
  await expect(asked).rejects.toBeInstanceOf(Refused)
  expect(refused).toHaveBeenCalledOnce()
  last().end()
  vi.advanceTimersByTime(300)
  last().open()
  expect(last().ops()).toEqual([])
})

test('what the server can’t do just now is asked again a second later', () => {
  const refused = vi.fn()
  const one = made({ refused })
  last().open()
  const asked = one.operate('label.set', 'example:x', {})
  last().say({ t: 'nack', op: asked.op, why: 'the disk is full', again: true })
  one.operate('label.set', 'example:y', {})
  expect(last().ops().length).toBe(1)
  vi.advanceTimersByTime(1000)
  expect(last().ops().map((frame) => frame.topic)).toEqual(['example:x', 'example:x', 'example:y'])
  expect(refused).not.toHaveBeenCalled()
})

test('what is too large to be read is refused here, not sent for ever', async () => {
  const one = made()
  last().open()
  await expect(one.operate('comment.add', 'example:x', { text: 'é'.repeat(40_000) })).rejects.toThrow(/too large/)
  expect([last().ops().length, one.outbox.size]).toEqual([0, 0])
})

test('topics are joined again from the last event that came', () => {
  const one = made()
  const told: number[] = []
  one.listen('board', (event: LiveEvent) => told.push(event.seq))
  last().open()
  last().say({ t: 'subbed', topics: ['board'], seq: 40 })
  last().say(event(43))
  last().end()
  vi.advanceTimersByTime(300)
  last().open()
  expect(last().subs()).toEqual([{ t: 'sub', topics: ['board'], since: { board: 43 } }])
  last().say(event(43)) // sent twice
  last().say(event(44))
  expect(told).toEqual([43, 44])
})

test('who listens is told to look again where too much was missed', () => {
  const one = made()
  const again = vi.fn()
  one.listen('board', () => {}, again)
  last().open()
  last().say({ t: 'resync', topic: 'board' })
  last().end(4008)
  expect(again).toHaveBeenCalledTimes(2)
})

test('a topic nobody listens to any more is left', () => {
  const one = made()
  last().open()
  const stop = [one.listen('board', () => {}), one.listen('board', () => {})]
  stop[0]()
  expect(last().sent.some((frame) => frame.t === 'unsub')).toBe(false)
  stop[1]()
  expect(last().sent.at(-1)).toEqual({ t: 'unsub', topics: ['board'] })
})

test('where one is, is said at most ten times a second, the last word last', () => {
  const one = made()
  last().open()
  for (let n = 0; n <= 50; n++) one.seen({ example: 'x', n })
  vi.advanceTimersByTime(100)
  const seen = last().sent.filter((frame) => frame.t === 'seen')
  expect(seen.map((frame) => (frame.at as { n: number }).n)).toEqual([0, 50])
})

test('a line that is silent for too long is dropped', () => {
  const states: string[] = []
  made({ state: (state) => states.push(state) })
  last().open()
  vi.advanceTimersByTime(40_000)
  last().say({ t: 'ping' })
  expect(last().sent.at(-1)).toEqual({ t: 'pong' })
  vi.advanceTimersByTime(40_000)
  expect(states).toEqual(['live'])
  vi.advanceTimersByTime(20_000)
  expect(states).toEqual(['live', 'offline'])
})

test('a socket that never opened asks whether the session still holds', () => {
  const failed = vi.fn()
  made({ failed })
  last().end(1006)
  expect(failed).toHaveBeenCalledOnce()
})
