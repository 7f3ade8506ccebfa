/** The server is killed with -9 while two people edit, and while somebody is offline: nothing is lost, nothing is doubled. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sleep, Studio, until, type Tab } from './studio.ts'

type Line = {
  operate: (kind: string, topic: string, body: Record<string, unknown>) => Promise<unknown> & { op: string }
  live: { pending: number; state: string }
}

const EDITS = 150 // of each of two people
let studio: Studio
let ann: Tab
let ben: Tab
beforeAll(async () => {
  studio = await Studio.start()
  ;[ann, ben] = [await studio.enter('Ann'), await studio.enter('Ben')]
  for (const tab of [ann, ben]) await tab.open('/guide')
  for (const tab of [ann, ben]) await tab.page.waitForFunction(() => (window as unknown as { adequate: Line }).adequate.live.state === 'live')
})
afterAll(() => studio.end())

const example = () => studio.sql<{ example: string }>('SELECT example FROM queue_item ORDER BY id LIMIT 1')[0].example
const pending = (tab: Tab) => tab.page.evaluate(() => (window as unknown as { adequate: Line }).adequate.live.pending)

test('two people edit one example, the server is killed twice: 0 of 300 edits are lost', async () => {
  const edit = (tab: Tab) =>
    tab.page.evaluate(
      async ({ id, edits }) => {
        const { operate } = (window as unknown as { adequate: Line }).adequate
        const ops: string[] = []
        for (let n = 0; n < edits; n++) {
          const span = { start: n % 7, end: (n % 7) + 1 + (n % 3), label: n % 2 ? 'what' : 'when', id: `span-${n}` }
          ops.push(operate('span.put', `example:${id}`, { task: 'words', example: id, span }).op)
          await new Promise((done) => setTimeout(done, 12))
        }
        return ops
      },
      { id: example(), edits: EDITS },
    )
  const both = Promise.all([edit(ann), edit(ben)])
  for (let kills = 0; kills < 2; kills++) {
    await sleep(600)
    await studio.kill()
    await sleep(400)
    await studio.again()
  }
  const ops = (await both).flat()
  await until(async () => (await pending(ann)) + (await pending(ben)) === 0, 60)
  const kept = new Set(studio.sql<{ op: string }>("SELECT op FROM event WHERE kind = 'span'").map((row) => row.op))
  expect(ops.length).toBe(2 * EDITS)
  expect(ops.filter((op) => !kept.has(op))).toEqual([])
  expect(kept.size).toBe(2 * EDITS)
})

test('20 answers without a server, the tab closed: 20 of 20 are kept, and sent by the next tab', async () => {
  const items = await ann.page.evaluate(async () => {
    const answer = await fetch('/api/queues/intent/next?n=20', { method: 'POST' })
    return ((await answer.json()) as { items: { id: number; example: string }[] }).items
  })
  expect(items.length).toBe(20)
  await studio.kill()
  const ops = await ann.page.evaluate((items) => {
    const { operate } = (window as unknown as { adequate: Line }).adequate
    return items.map(({ id, example }) => operate('answer.submit', `example:${example}`, { item: id, value: 'refund' }).op)
  }, items)
  await ann.page.getByText('20 changes kept here').waitFor()
  await ann.page.close()
  await studio.again()
  expect(studio.sql('SELECT 1 FROM event WHERE op IN (SELECT value FROM json_each(?))', JSON.stringify(ops))).toEqual([])
  const again = await studio.tab(ann.context)
  await again.open('/guide')
  const kept = () => studio.sql<{ op: string }>('SELECT op FROM event WHERE op IN (SELECT value FROM json_each(?)) ORDER BY seq', JSON.stringify(ops))
  await until(() => kept().length === 20)
  expect(kept().map((row) => row.op)).toEqual(ops)
  await until(async () => (await pending(again)) === 0)
})

test('two tabs of one person: what one of them did offline is done once', async () => {
  const [one, two] = [await studio.tab(ben.context), await studio.tab(ben.context)]
  for (const tab of [one, two]) await tab.open('/guide')
  await studio.kill()
  const ops = await one.page.evaluate((id) => {
    const { operate } = (window as unknown as { adequate: Line }).adequate
    return ['a', 'b', 'c'].map((text) => operate('comment.add', `example:${id}`, { task: 'words', example: id, text }).op)
  }, example())
  await one.page.close() // the other tab lives: it takes them over
  await studio.again()
  await until(() => studio.sql("SELECT 1 FROM event WHERE kind = 'comment'").length === 3)
  await until(async () => (await pending(two)) === 0)
  expect(studio.sql<{ op: string }>("SELECT op FROM event WHERE kind = 'comment' ORDER BY seq").map((row) => row.op)).toEqual(ops)
})
