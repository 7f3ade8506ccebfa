import { expect, test } from 'vitest'
import { Ahead } from './queue'

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

test('ten are there, and more are asked for when five are left', async () => {
  const { ahead, asked, all } = serve(Array.from({ length: 30 }, (_, at) => at))
  await ahead.fill()
  expect(ahead.ids).toHaveLength(10)
  for (let k = 0; k < 5; k++) ahead.take(all.shift()!)
  expect(asked).toHaveLength(1)
  ahead.take(all.shift()!)
  expect(ahead.current?.id).toBe(6)
  await settled()
  expect(ahead.ids).toHaveLength(10)
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
