import { expect, test } from 'vitest'
import type { Ack, Asked } from './connection'
import { Replica } from './optimistic.svelte'

type Add = { add: string }
const replica = (start: string[] = []) => new Replica<string[], Add>(start, (state, change) => [...state, change.add])

function asked(op: string) {
  let done!: (ack: Ack) => void
  let failed!: (why: Error) => void
  const promise = new Promise<Ack>((yes, no) => ((done = yes), (failed = no))) as Asked
  promise.op = op
  promise.catch(() => {})
  return { promise, done: () => done({ op, seq: 1, rev: 1 }), failed: () => failed(new Error('no')) }
}
const soon = () => new Promise((done) => setTimeout(done))

test('a change is shown at once, and stays when it is acknowledged', async () => {
  const one = replica(['a'])
  const b = asked('1')
  one.perform(b.promise, { add: 'b' })
  expect(one.view).toEqual(['a', 'b'])
  expect(one.confirmed).toEqual(['a'])
  b.done()
  await soon()
  expect([one.confirmed, one.pending]).toEqual([['a', 'b'], 0])
})

test('a refusal takes back that change and no other', async () => {
  const one = replica()
  const [a, b] = [asked('1'), asked('2')]
  one.perform(a.promise, { add: 'a' })
  one.perform(b.promise, { add: 'b' })
  a.failed()
  await soon()
  expect(one.view).toEqual(['b'])
})

test('the echo and the ack of one operation apply it once, in either order', async () => {
  for (const echoFirst of [true, false]) {
    const one = replica()
    const a = asked('1')
    one.perform(a.promise, { add: 'a' })
    if (echoFirst) one.told('1', { add: 'a' })
    a.done()
    await soon()
    if (!echoFirst) one.told('1', { add: 'a' })
    expect(one.view).toEqual(['a'])
  }
})

test('what others do goes below what is pending', () => {
  const one = replica()
  one.begin('1', { add: 'mine' })
  one.told('2', { add: 'theirs' })
  expect(one.view).toEqual(['theirs', 'mine'])
})

test('a state asked for anew keeps what is pending', () => {
  const one = replica(['old'])
  one.begin('1', { add: 'mine' })
  one.reset(['new'])
  expect(one.view).toEqual(['new', 'mine'])
})
