/** Two label blind, over gold questions; a reviewer sees agreement and skill come about, and decides where they differ. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answer, desk, text } from './desk.ts'
import { Studio, until, type Name, type Tab } from './studio.ts'

const MANY = 24 // enough examples for a skill
let studio: Studio
let eve: Tab, rob: Tab, ann: Tab, ben: Tab
/** What came down to somebody's browser about the queue: every frame of its sockets, every list of questions. */
const heard = { Ann: [] as string[], Ben: [] as string[] }
beforeAll(async () => {
  studio = await Studio.start()
  ;[eve, rob, ann, ben] = await Promise.all((['Eve', 'Rob', 'Ann', 'Ben'] as const).map((name) => studio.enter(name)))
  for (const [tab, who] of [[ann, 'Ann'], [ben, 'Ben']] as const) {
    tab.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard[who].push(String(payload))))
    tab.page.on('response', (response) => {
      if (/\/(next|talk)\b/.test(response.url())) void response.text().then((body) => heard[who].push(body), () => {})
    })
  }
})
afterAll(() => studio.end())

const one = (query: string, ...values: (string | number)[]) => studio.sql<{ n: number }>(query, ...values)[0].n
const said = (who: Name) => one("SELECT count(*) AS n FROM event WHERE task = 'intent' AND kind = 'answer' AND actor = ?", studio.people[who].id)

test('the engineer has a task asked of two, blind, with gold questions', async () => {
  await eve.open('/board')
  await eve.page.getByRole('button', { name: 'How it is asked' }).click()
  await eve.page.getByRole('menuitem', { name: 'intent' }).click()
  const dialog = eve.page.getByRole('dialog', { name: 'How intent is asked' })
  await dialog.getByLabel('People who answer each question').fill('2')
  await dialog.getByLabel('Blind').check()
  await dialog.getByLabel('Gold questions, %').fill('20')
  await dialog.getByLabel('Why').fill('do people mean the same?')
  await eve.axe()
  await dialog.getByRole('button', { name: 'Ask it this way' }).click()
  await dialog.waitFor({ state: 'detached' })
  await until(() => one("SELECT count(*) AS n FROM queue_item WHERE task = 'intent' AND state = 'waiting' AND gold IS NULL AND (overlap != 2 OR NOT blind)") === 0)
  const gold = () => one("SELECT count(*) AS n FROM queue_item WHERE task = 'intent' AND state = 'waiting' AND gold IS NOT NULL")
  await until(() => gold() > 0)
  const known = gold()
  const all = one("SELECT count(*) AS n FROM queue_item WHERE task = 'intent' AND state = 'waiting'")
  expect(known / all).toBeCloseTo(0.2, 1)
})

test('two answer for themselves: nothing of the other, of the model or of gold reaches either, and the reviewer watches', async () => {
  await rob.open('/together/intent')
  await rob.page.getByText('Nobody has answered the same example twice yet').waitFor()
  for (const [tab, wrong] of [[ann, 0], [ben, 4]] as const) {
    await desk(tab, '/label/intent')
    expect(await tab.page.getByText('The model says').count()).toBe(0)
    expect(await tab.page.getByRole('list', { name: 'Others here' }).count()).toBe(0)
    let before: string | null = null
    for (let n = 0; n < MANY; n++) before = await answer(tab, wrong && n % wrong === 0 ? '2' : '1', before)
    await tab.saved()
  }
  expect([said('Ann'), said('Ben')]).toEqual([MANY, MANY])
  await ann.press('c')
  await ann.typing('TEXTAREA')
  await ann.page.keyboard.type('is a fee a charge?')
  await ann.press('Enter')
  await until(() => one("SELECT count(*) AS n FROM event WHERE kind = 'comment'") === 1)

  // Agreement, people and disputes came by themselves: the page was not opened again.
  await rob.page.getByText(/Krippendorff’s alpha/).waitFor()
  await until(async () => (await rob.page.locator('.figure strong').textContent()) !== '–')
  await rob.page.getByRole('row', { name: new RegExp(`^Ann ${MANY}`) }).waitFor()
  await rob.page.getByRole('row', { name: new RegExp(`^Ben ${MANY}`) }).waitFor()
  const disputes = one("SELECT count(*) AS n FROM queue_item WHERE task = 'intent' AND state = 'disputed'")
  expect(disputes).toBeGreaterThan(0)
  await rob.page.getByRole('heading', { name: `To decide ${disputes}` }).waitFor()
  await rob.axe()

  for (const who of ['Ann', 'Ben'] as const) {
    const other = who === 'Ann' ? 'ben' : 'ann'
    expect(heard[who].length).toBeGreaterThan(MANY)
    expect(heard[who].filter((frame) => new RegExp(`"${other}"|"consensus"|"gold"|"suggestion":\\s*\\{`, 'i').test(frame)), who).toEqual([])
  }
  expect(heard.Ben.join('\n')).not.toContain('is a fee a charge')
})

test('gold questions say who is right how often', async () => {
  const asked = one("SELECT count(*) AS n FROM answer a JOIN queue_item q ON q.id = a.item WHERE a.task = 'intent' AND a.actor = 'ann' AND q.gold IS NOT NULL")
  expect(asked).toBeGreaterThan(0)
  await rob.page.getByRole('row', { name: new RegExp(`^Ann ${MANY}.* of ${asked} \\(`) }).waitFor()
})

test('the reviewer opens a dispute with enter, sees who is right how often, and decides; agreement makes labels', async () => {
  const before = one("SELECT count(*) AS n FROM queue_item WHERE task = 'intent' AND state = 'disputed'")
  await rob.press('j', 'Enter')
  const sides = rob.page.getByRole('region', { name: /^What / })
  await sides.first().waitFor()
  expect(await sides.count()).toBe(2)
  await rob.page.getByText(/right \d+.% to \d+.% of the time/).first().waitFor()
  await rob.axe()
  const item = Number(new URL(rob.page.url()).pathname.split('/').at(-1))
  const shown = await text(rob).textContent()
  expect(studio.sql<{ text: string }>('SELECT text FROM queue_item WHERE id = ?', item)[0].text).toBe(shown)
  await rob.press('2')
  await until(() => one("SELECT count(*) AS n FROM queue_item WHERE id = ? AND state = 'answered'", item) === 1)
  const word = studio.sql<{ value: string; why: string }>("SELECT value, why FROM event WHERE item = ? AND kind = 'label' AND actor = 'rob'", item)
  expect(word).toHaveLength(1)
  const second = studio.sql<{ value: string }>('SELECT value FROM answer WHERE item = ? ORDER BY seq', item)[1].value
  expect(word[0].value).toBe(second)
  // Taken back it is a dispute again, and decided once more.
  await rob.press('Backspace')
  await until(() => one("SELECT count(*) AS n FROM queue_item WHERE task = 'intent' AND state = 'disputed'") === before)
  await until(async () => (await text(rob).textContent()) === shown)
  await rob.press('1')
  await until(() => one("SELECT count(*) AS n FROM queue_item WHERE task = 'intent' AND state = 'disputed'") === before - 1)
  const agreed = studio.sql<{ value: string; n: number }>("SELECT e.value, (SELECT count(*) FROM answer a WHERE a.item = e.item) AS n FROM event e WHERE e.task = 'intent' AND e.actor = 'consensus'")
  expect(agreed.length).toBeGreaterThan(3)
  expect(agreed.every((row) => row.n === 2)).toBe(true)
})
