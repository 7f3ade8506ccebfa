import { beforeEach, expect, test, vi } from 'vitest'
import { Outbox, type Operation } from './outbox'

const op = (n: number): Operation => ({ op: `op-${n}`, topic: 'queue:intent', kind: 'answer.submit', body: { n } })
const OWNER = ['mail', 'ann']

/** The browser's locks: held until their callback's promise settles; `end` is a tab that goes. */
function locks() {
  const held = new Set<string>()
  const waiting: { name: string; tab: object; run: () => unknown }[] = []
  const owners = new Map<string, object>()
  const settle = async () => {
    for (const one of [...waiting])
      if (!held.has(one.name)) {
        waiting.splice(waiting.indexOf(one), 1)
        held.add(one.name)
        owners.set(one.name, one.tab)
        void Promise.resolve(one.run()).then(() => {
          held.delete(one.name)
          void settle()
        })
      }
  }
  return {
    tab() {
      const tab = {}
      const request = ((name: string, run: () => unknown) => {
        waiting.push({ name, tab, run })
        void settle()
        return Promise.resolve()
      }) as LockManager['request']
      const end = () => {
        for (const [name, owner] of owners) if (owner === tab) held.delete(name)
        waiting.splice(0, waiting.length, ...waiting.filter((one) => one.tab !== tab))
        void settle()
      }
      return { request, end }
    },
  }
}

beforeEach(() => localStorage.clear())

test('what is pending survives the tab, in order', () => {
  const before = new Outbox(localStorage, OWNER)
  for (let n = 0; n < 12; n++) before.add(op(n))
  before.settle('op-3')
  const after = new Outbox(localStorage, OWNER)
  after.adopt()
  expect(after.all().map((one) => one.body.n)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11])
})

test('another person, and another project, see none of it', () => {
  new Outbox(localStorage, OWNER).add(op(1))
  for (const owner of [['mail', 'bob'], ['other', 'ann'], ['mail', 'an']]) {
    const other = new Outbox(localStorage, owner)
    other.adopt()
    expect(other.size).toBe(0)
  }
})

test('a tab that lives keeps its own; once it is gone, one other takes it over', async () => {
  const all = locks()
  const [a, b, c] = [all.tab(), all.tab(), all.tab()]
  const first = new Outbox(localStorage, OWNER, a)
  first.add(op(1))
  const second = new Outbox(localStorage, OWNER, b)
  const third = new Outbox(localStorage, OWNER, c)
  second.adopt()
  third.adopt()
  await Promise.resolve()
  expect([second.size, third.size]).toEqual([0, 0])
  expect(second.everywhere().map((one) => one.op)).toEqual(['op-1'])
  a.end()
  await vi.waitUntil(() => second.size + third.size === 1)
  await new Promise((done) => setTimeout(done, 600))
  expect(second.size + third.size).toBe(1)
})

test('a browser that refuses to keep says so, and the operation is still there to be sent', () => {
  const full = { ...Object.fromEntries(['getItem', 'removeItem', 'key'].map((name) => [name, () => null])), length: 0 }
  const refuse = () => {
    throw new DOMException('full', 'QuotaExceededError')
  }
  const outbox = new Outbox({ ...full, setItem: refuse } as unknown as Storage, OWNER)
  outbox.add(op(1))
  expect([outbox.safe, outbox.size]).toEqual([false, 1])
})

test('what somebody else wrote under our name is left out', () => {
  localStorage.setItem('adequate|outbox|mail|ann|gone|00000000', 'not json')
  localStorage.setItem('adequate|outbox|mail|ann|gone|00000001', '{"op": 3}')
  const outbox = new Outbox(localStorage, OWNER)
  outbox.adopt()
  expect(outbox.size).toBe(0)
})
