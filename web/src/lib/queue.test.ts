import { expect, test } from 'vitest'
import { Ahead, share } from './queue'

type One = { id: number }
const serve = (all: number[]) => {
  const asked: number[] = []
  const ahead = new Ahead<One>(
    async (n) => {
      asked.push(n)
      return all.slice(0, n).map((id) => ({ id }))
    },
    () => {},
  )
  return { ahead, asked, all }
}
const settled = () => new Promise((done) => setTimeout(done))

test('thirty are there, and never fewer than twenty-five: as many can be answered without a server', async () => {
  const { ahead, asked, all } = serve(Array.from({ length: 60 }, (_, at) => at))
  await ahead.fill()
  expect(ahead.ids).toHaveLength(30)
  for (let k = 0; k < 4; k++) ahead.take(all.shift()!)
  expect(asked).toHaveLength(1)
  ahead.take(all.shift()!)
  expect(ahead.current?.id).toBe(5)
  await settled()
  expect(ahead.ids).toHaveLength(30)
})
test('where little waits for several people each has a share, and gives back what is beyond it', async () => {
  expect([share(undefined, 1), share(1000, 4), share(64, 1), share(64, 4), share(64, 40), share(0, 0)]).toEqual([30, 30, 30, 16, 5, 5])
  let people = 1
  const ahead = new Ahead<One>(async (n) => Array.from({ length: n }, (_, id) => ({ id })), () => {}, () => share(24, people))
  await ahead.fill()
  expect(ahead.ids).toHaveLength(24)
  people = 3
  expect(ahead.spare().map((one) => one.id)).toEqual(Array.from({ length: 16 }, (_, at) => at + 8))
  expect(ahead.current?.id).toBe(0)
  expect(ahead.spare()).toEqual([])
})
test('what was answered a moment ago does not come again', async () => {
  const { ahead } = serve([1, 2, 3])
  await ahead.fill()
  ahead.take(1) // the server doesn't know yet
  await ahead.fill()
  expect(ahead.ids).toEqual([2, 3])
})
test('what is under the cursor stays there when the server orders anew', async () => {
  const { ahead, all } = serve([1, 2, 3])
  await ahead.fill()
  all.reverse()
  await ahead.fill()
  expect(ahead.current?.id).toBe(1)
})
test('what was taken back comes first', async () => {
  const { ahead } = serve([1, 2, 3])
  await ahead.fill()
  ahead.take(1)
  ahead.back({ id: 1 })
  expect(ahead.ids).toEqual([1, 2, 3])
})
test('an error is kept and forgotten when the server is back', async () => {
  let broken = true
  const ahead = new Ahead<One>(
    async () => {
      if (broken) throw new Error('away')
      return [{ id: 1 }]
    },
    () => {},
  )
  await ahead.fill()
  expect(ahead.error).toBeInstanceOf(Error)
  broken = false
  await ahead.fill()
  expect([ahead.error, ahead.ids]).toEqual([undefined, [1]])
})
