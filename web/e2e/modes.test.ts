/** Addresses of the label screen, disputes of every kind, and texts of every script and size. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answer, desk, text } from './desk.ts'
import { Studio, until, type Tab } from './studio.ts'

/** A family of five code points, Hebrew, Arabic, Chinese, a flag, a letter with its mark apart. */
const ODD = ['👨‍👩‍👧 Ada Lovelace wrote 🇩🇪 notes', 'שלום עולם, מחר בבוקר', 'مرحبا بالعالم غدا', '明天早上退款到银行卡', 'cafe\u0301 fe\u0301e 𝒳 end']
const HUGE = 'a word or two. '.repeat(70_000)
let studio: Studio
let eve: Tab, rob: Tab, ann: Tab, ben: Tab
beforeAll(async () => {
  studio = await Studio.start()
  ;[eve, rob, ann, ben] = await Promise.all((['Eve', 'Rob', 'Ann', 'Ben'] as const).map((name) => studio.enter(name)))
  await eve.open('/board')
})
afterAll(() => studio.end())

const ask = (kind: string, body: Record<string, unknown>) =>
  eve.page.evaluate(async ({ kind, body }) => {
    const frame = { op: crypto.randomUUID(), kind, topic: 'board', body }
    return ((await (await fetch('/api/ops', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(frame) })).json()) as { t: string }).t
  }, { kind, body })
const shared = async (task: string) => expect(await ask('queue.policy', { task, overlap: 2, blind: false, suggestions: true, gold: 0, why: 'to compare' })).toBe('ack')
const settled = (task: string) =>
  studio.sql<{ value: string }>("SELECT value FROM event WHERE task = ? AND actor = 'rob' AND kind = 'label' ORDER BY seq", task).map((row) => JSON.parse(row.value) as unknown)

test('"label these" asks the questions of one cell alone; "relabel" opens one example', async () => {
  const { cell, n } = studio.sql<{ cell: string; n: number }>("SELECT cell, count(*) AS n FROM queue_item WHERE task = 'topics' AND state = 'waiting' AND cell != '' GROUP BY cell ORDER BY n LIMIT 1")[0]
  await desk(ann, `/label/topics?cell=${encodeURIComponent(cell)}`)
  await ann.page.getByText('Only questions for').waitFor()
  let before: string | null = null
  for (let k = 0; k < n; k++) {
    before = await answer(ann, '1', before)
    await ann.press('Enter')
  }
  await ann.page.getByText(/^That was all for/).waitFor()
  await ann.axe()
  await ann.saved()
  expect(studio.sql("SELECT DISTINCT q.cell FROM event e JOIN queue_item q ON q.id = e.item WHERE e.actor = 'ann' AND e.kind = 'label'")).toEqual([{ cell }])
  await ann.page.getByRole('link', { name: 'Label the others' }).click()
  await text(ann).waitFor()

  const { example, text: words } = studio.sql<{ example: string; text: string }>("SELECT example, text FROM queue_item WHERE task = 'intent' AND part != 'gate' AND state = 'waiting' ORDER BY rank DESC LIMIT 1")[0]
  await desk(rob, `/label/intent?example=${example}`)
  expect(await text(rob).textContent()).toBe(words)
  await rob.press('3')
  await until(() => studio.sql("SELECT 1 FROM event WHERE actor = 'rob' AND kind = 'label' AND example = ?", example).length === 1)
})

test('a dispute of several labels is settled by others than anybody said', async () => {
  await shared('topics')
  for (const [tab, keys] of [[ann, ['1', '2']], [ben, ['2', '3']]] as const) {
    await desk(tab, '/label/topics')
    await tab.press(...keys, 'Enter')
  }
  await until(() => studio.sql("SELECT 1 FROM queue_item WHERE task = 'topics' AND state = 'disputed'").length === 1)
  await rob.open('/label/topics?mode=disputed')
  await rob.page.getByRole('button', { name: /This holds/ }).first().waitFor()
  await rob.press('o')
  await rob.page.getByRole('region', { name: 'Something else' }).waitFor()
  await rob.axe()
  await rob.press('5', 'Enter') // what both said stands already
  await until(() => settled('topics').length === 1)
  expect(settled('topics')[0]).toEqual(['fee', 'refund'])
})

test('a dispute of spans is settled by marking anew', async () => {
  await shared('words')
  for (const [tab, keys] of [[ann, ['ArrowRight', '1']], [ben, ['ArrowRight', '2']]] as const) {
    await desk(tab, '/label/words')
    await tab.press(...keys)
    await tab.page.getByRole('list', { name: 'Spans' }).waitFor()
    await tab.press('Enter')
  }
  await until(() => studio.sql("SELECT 1 FROM queue_item WHERE task = 'words' AND state = 'disputed'").length === 1)
  await rob.open('/label/words?mode=disputed')
  await rob.page.getByRole('button', { name: /This holds/ }).first().waitFor()
  await rob.press('o')
  await rob.page.getByRole('region', { name: 'What holds' }).waitFor()
  await rob.axe()
  await rob.press('ArrowRight', 'ArrowRight', '2')
  await rob.page.getByRole('region', { name: 'Something else' }).getByRole('list', { name: 'Spans' }).waitFor()
  await rob.press('Enter')
  await until(() => settled('words').length === 1)
  const { text: words } = studio.sql<{ text: string }>("SELECT q.text FROM event e JOIN queue_item q ON q.id = e.item WHERE e.task = 'words' AND e.actor = 'rob' AND e.kind = 'label'")[0]
  const second = words.split(' ')[1]
  expect(settled('words')[0]).toMatchObject([{ start: words.indexOf(' ') + 1, end: words.indexOf(' ') + 1 + second.length, label: 'when' }])
})

test('spans in any script are what Python slices, by keys and by mouse; a text of a megabyte is labelled, too', async () => {
  expect(await ask('queue.policy', { task: 'words', overlap: 1, blind: false, suggestions: true, gold: 0, why: 'enough' })).toBe('ack')
  const rows = [...ODD, HUGE].map((body) => JSON.stringify({ body, number: 1, channel: 'app' })).join('\n')
  const job = await eve.page.evaluate(async (body) => ((await (await fetch('/api/files/import?name=odd.jsonl&form=table', { method: 'POST', body })).json()) as { id: string }).id, rows)
  let result: { state: string } = { state: '' }
  await until(async () => (result = await eve.page.evaluate(async (id) => (await (await fetch(`/api/files/jobs/${id}`)).json()) as { state: string }, job)) && ['done', 'failed'].includes(result.state), 80)
  expect(result, JSON.stringify(result)).toMatchObject({ state: 'done' })
  const ids = JSON.parse(studio.python('import sys, json; from adequate.encoders.identity import content_ids; print(json.dumps(content_ids(json.load(sys.stdin))))', JSON.stringify([...ODD, HUGE]))) as string[]
  const value = (example: string) => studio.sql<{ value: string }>("SELECT value FROM current_label WHERE task = 'words' AND example = ?", example).map((row) => JSON.parse(row.value) as { start: number; end: number; label: string }[])[0]

  const cut: [string, string[]][] = []
  for (const [n, body] of ODD.entries()) {
    await desk(rob, `/label/words/${ids[n]}`)
    expect(await text(rob).textContent()).toBe(body)
    if (n % 2 === 0) {
      const forward = n === 2 ? 'ArrowLeft' : 'ArrowRight' // Arabic goes on to the left
      await rob.press(forward, forward, `Shift+${forward}`, '1')
    } else {
      await rob.quiet() // nothing moves any more
      const box = (await text(rob).boundingBox())!
      const style = await text(rob).evaluate((node) => {
        const range = document.createRange()
        range.setStart(node.firstChild!, 0)
        range.setEnd(node.firstChild!, 2)
        const { x, y, width, height } = range.getBoundingClientRect()
        return { x, y, width, height }
      })
      expect(style.x).toBeGreaterThanOrEqual(box.x)
      await rob.page.mouse.dblclick(style.x + style.width / 2, style.y + style.height / 2)
      await rob.press('2')
    }
    const chip = rob.page.getByRole('list', { name: 'Spans' })
    await chip.waitFor()
    await rob.press('Enter')
    await until(() => value(ids[n]) !== undefined)
    cut.push([body, value(ids[n]).map((span) => studio.python('import sys, json; t, a, b = json.load(sys.stdin); print(t[a:b])', JSON.stringify([body, span.start, span.end])).trim())])
  }
  expect(cut.map(([, found]) => found)).toEqual([['Ada Lovelace'], ['שלום'], [expect.stringMatching(/^بالعالم غدا$/)], [expect.stringMatching(/^明天/)], ['fe\u0301e 𝒳']])

  const begun = Date.now()
  await desk(rob, `/label/words/${ids[ODD.length]}`)
  await until(async () => (await text(rob).evaluate((node) => node.textContent!.length)) === HUGE.length, 60)
  expect((Date.now() - begun) / 1000).toBeLessThan(20)
  const pressed = Date.now()
  await rob.press('ArrowRight', 'ArrowRight', '1')
  await rob.page.getByRole('list', { name: 'Spans' }).waitFor()
  expect((Date.now() - pressed) / 1000).toBeLessThan(6)
  await rob.press('Enter')
  await until(() => value(ids[ODD.length]) !== undefined)
  expect(value(ids[ODD.length])).toMatchObject([{ start: 2, end: 6, label: 'what' }])
})
