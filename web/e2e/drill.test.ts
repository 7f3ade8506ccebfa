/** The label screen without a server: keys are pressed, the server is killed with -9, tabs are closed; nothing is lost. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answer, desk, text } from './desk.ts'
import { sleep, Studio, until, type Name, type Tab } from './studio.ts'

const EACH = 40
let studio: Studio
let ann: Tab
let ben: Tab
beforeAll(async () => {
  studio = await Studio.start()
  ;[ann, ben] = [await studio.enter('Ann'), await studio.enter('Ben')]
  for (const tab of [ann, ben]) tab.forgiven.push(/Failed to fetch|Failed to load resource/)
})
afterAll(() => studio.end())

type Row = { text: string; value: string }
/** What somebody said of the queue, as texts and labels in the order in which it was recorded. */
const kept = (who: Name) =>
  studio.sql<Row>("SELECT q.text, e.value FROM event e JOIN queue_item q ON q.id = e.item WHERE e.task = 'intent' AND e.kind IN ('label', 'answer') AND e.actor = ? ORDER BY e.seq", studio.people[who].id)
/** Of the last answers, those that the screen shows as saved. */
const shownSaved = (tab: Tab) =>
  tab.page.locator('section[aria-labelledby=last-ten] li').evaluateAll((rows) =>
    rows.filter((row) => row.querySelector('.sign')?.textContent === '✓').map((row) => row.querySelector('.of')!.textContent!))

test('twenty answers by keys without a server, the tab closed: 20 of 20 are kept', async () => {
  await desk(ann, '/label/intent')
  const said: string[] = []
  said.push(await answer(ann, '1', null), await answer(ann, '2', said[0]))
  await until(() => kept('Ann').length === 2)
  // More is asked for meanwhile, and came.
  await until(() => studio.sql("SELECT 1 FROM lease WHERE actor = ? AND done = 0", studio.people.Ann.id).length > 20)
  await ann.quiet()
  await studio.kill()
  for (let n = 0; n < 20; n++) said.push(await answer(ann, String((n % 3) + 1), said.at(-1)!))
  expect(new Set(said).size).toBe(22)
  await ann.page.getByText('20 changes kept here').waitFor()
  await text(ann).waitFor() // and there is more to answer
  await ann.page.close()
  await studio.again()
  expect(kept('Ann')).toHaveLength(2)
  ann = await studio.tab(ann.context)
  await ann.open('/label/intent')
  await until(() => kept('Ann').length === 22)
  expect(kept('Ann').map((row) => row.text)).toEqual(said)
  await ann.saved()
  await text(ann).waitFor()
  expect(said).not.toContain(await text(ann).textContent())
})

test('the server is killed twice while two people answer by keys: all that was pressed is there, once', async () => {
  const before = kept('Ann').length
  const said = { Ann: [] as string[], Ben: [] as string[] }
  const work = async (tab: Tab, who: 'Ann' | 'Ben') => {
    await desk(tab, '/label/intent')
    while (said[who].length < EACH) {
      said[who].push(await answer(tab, String((said[who].length % 4) + 1), said[who].at(-1) ?? null))
      await sleep(40)
    }
  }
  const both = Promise.all([work(ann, 'Ann'), work(ben, 'Ben')])
  for (const many of [10, 25]) {
    await until(() => said.Ann.length >= many && said.Ben.length >= many, 60)
    const saved = { Ann: await shownSaved(ann), Ben: await shownSaved(ben) }
    await studio.kill()
    for (const who of ['Ann', 'Ben'] as const) {
      const there = kept(who).map((row) => row.text.slice(0, 80))
      expect(saved[who].filter((one) => !there.includes(one)), `shown as saved to ${who}`).toEqual([])
    }
    await sleep(500)
    await studio.again()
  }
  await both
  for (const [tab, who, first] of [[ann, 'Ann', before], [ben, 'Ben', 0]] as const) {
    await until(() => kept(who).length >= first + EACH, 60)
    await tab.saved()
    expect(kept(who).slice(first).map((row) => row.text)).toEqual(said[who])
  }
  expect(said.Ann.filter((one) => said.Ben.includes(one)), 'asked of both').toEqual([])
})
