/** Labelling and labelling together: two people, two browsers, every mode; what the database holds is asserted too. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { desk } from './desk.ts'
import { Studio, until, type Tab } from './studio.ts'

type Row = { kind: string; value: string; actor: string; saw: string | null; guide: number | null; item: number | null; op: string }
let studio: Studio
let ann: Tab
let rob: Tab
beforeAll(async () => {
  studio = await Studio.start()
  ;[ann, rob] = [await studio.enter('Ann'), await studio.enter('Rob')]
})
afterAll(() => studio.end())

const events = (task: string, who = 'Ann') =>
  studio.sql<Row>('SELECT * FROM event WHERE task = ? AND actor = ? ORDER BY seq', task, studio.people[who as 'Ann'].id)
const saved = async (_tab: Tab, task: string, n: number, who = 'Ann') => {
  await until(() => events(task, who).length >= n)
  return events(task, who)
}
test('somebody who has only the link sees six keys, tries them without a record, and labels within a minute', async () => {
  const begun = Date.now()
  const before = studio.sql<{ n: number }>('SELECT count(*) AS n FROM event')[0].n
  await ann.open('/label/intent')
  await ann.page.getByRole('heading', { name: 'Six keys, and you can start' }).waitFor()
  const looking = Date.now()
  await ann.axe()
  const looked = Date.now() - looking // by axe: nobody else waits for it
  for (let n = 1; n <= 3; n++) {
    await ann.page.getByText(`${n} of 3`).waitFor()
    await ann.press('1', 'Enter')
  }
  await ann.page.locator('.acts').waitFor()
  expect(studio.sql<{ n: number }>('SELECT count(*) AS n FROM event')[0].n).toBe(before)
  await ann.press('1')
  await saved(ann, 'intent', 1)
  expect(Date.now() - begun - looked).toBeLessThan(60_000)
})

test('the next one is there at once; digits, accept, skip and undo become events', async () => {
  await desk(ann, '/label/intent')
  const text = ann.page.getByRole('region', { name: 'Text', exact: true })
  const begun = events('intent').length
  const first = await text.textContent()
  const shown = await ann.page.evaluate(async () => {
    const read = () => document.querySelector('main .text')?.textContent
    const before = read()
    window.dispatchEvent(new KeyboardEvent('keydown', { key: '2', bubbles: true }))
    await new Promise((done) => requestAnimationFrame(done))
    return read() !== before
  })
  expect(shown).toBe(true)
  expect(await text.textContent()).not.toBe(first)
  await ann.press('Space')
  const rows = (await saved(ann, 'intent', begun + 2)).slice(begun)
  expect(rows.map((row) => row.kind)).toEqual(['label', 'skip'])
  await ann.press('Backspace', 'Backspace')
  await ann.until(async () => (await text.textContent()) === first)
  expect((await saved(ann, 'intent', begun + 4)).slice(begun + 2).map((row) => [row.kind, row.value && JSON.parse(row.value)?.kind])).toEqual([['undone', 'skip'], ['label', null]])
  await ann.axe()
})

test('a suggestion is accepted with a, and what was seen is kept; of the sealed part there is none', async () => {
  await desk(ann, '/label/intent')
  for (let n = 0; n < 12; n++) {
    await ann.page.locator('.suggestion').waitFor()
    if (await ann.page.getByText('The model says').count()) break
    await ann.press('1')
  }
  await ann.saved() // what was pressed on the way here is none of the next
  const label = (await ann.page.locator('.suggestion strong').textContent())!
  const before = events('intent').length
  await ann.press('a')
  const last = (await saved(ann, 'intent', before + 1)).at(-1)!
  expect(JSON.parse(last.value)).toBe(label)
  expect(JSON.parse(last.saw!).label).toBe(label)
  const sealed = studio.sql<{ saw: string | null }>("SELECT e.saw FROM event e JOIN queue_item q ON q.id = e.item WHERE q.part = 'gate' AND e.kind = 'label'")
  expect(sealed.every((row) => row.saw === null)).toBe(true)
})

test('one of the last ten answers is changed by the mouse', async () => {
  await desk(ann, '/label/intent')
  await ann.press('1')
  await ann.saved()
  const before = events('intent').length
  await ann.page.locator('#last-answer').click()
  await ann.page.getByText('Was card').waitFor()
  await ann.page.getByRole('group', { name: 'Labels' }).getByRole('button', { name: /fee/ }).click()
  const rows = await saved(ann, 'intent', before + 1)
  expect(JSON.parse(rows.at(-1)!.value)).toBe('fee')
  expect(rows.at(-1)!.item).toBe(rows.at(-2)!.item)
})

test('several labels are toggled and confirmed', async () => {
  await desk(ann, '/label/topics')
  await ann.press('1', '3', '1', '2', 'Enter')
  expect(JSON.parse((await saved(ann, 'topics', 1)).at(-1)!.value)).toEqual(['fee', 'loan'])
  await ann.axe()
})

test('spans are made with keys alone, seen by somebody else while they are made, and kept in code points', async () => {
  await desk(ann, '/label/words')
  const address = `/label/words/${studio.sql<{ example: string }>("SELECT q.example FROM lease l JOIN queue_item q ON q.id = l.item WHERE q.task = 'words' ORDER BY q.rank, q.id LIMIT 1")[0].example}`
  await rob.open(address)
  await rob.page.getByRole('region', { name: 'Text', exact: true }).waitFor()
  await ann.press('ArrowRight', 'Shift+ArrowRight', '1', 'ArrowRight', '2')
  await ann.page.getByRole('list', { name: 'Spans' }).getByRole('button', { name: /^when/ }).waitFor()
  await rob.page.getByText(/marks/).first().waitFor()
  await ann.axe()
  await ann.press('Enter')
  const said = (await saved(ann, 'words', 3)).findLast((row) => row.kind === 'label')!
  const spans = JSON.parse(said.value) as { start: number; end: number; label: string }[]
  const text = studio.sql<{ text: string }>('SELECT text FROM queue_item WHERE id = ?', said.item!)[0].text
  expect(spans.map((span) => span.label)).toEqual(['what', 'when'])
  const cut = (span: { start: number; end: number }) => [...text].slice(span.start, span.end).join('')
  expect(cut(spans[0])).toBe(text.split(' ').slice(0, 2).join(' '))
})

test('two people change one example: the second is told, and chooses', async () => {
  await desk(ann, '/label/intent')
  const asked = async () => studio.sql<{ example: string; part: string }>("SELECT example, part FROM queue_item WHERE task = 'intent' AND state = 'waiting' AND text = ?", (await ann.page.getByRole('region', { name: 'Text', exact: true }).textContent())!)[0]
  while ((await asked()).part === 'gate') await ann.press('Space') // what others say of a sealed one isn't for her
  const { example } = await asked()
  await desk(rob, `/label/intent/${example}`)
  await ann.page.getByRole('list', { name: 'Others here' }).waitFor()
  await rob.press('2')
  await saved(rob, 'intent', 1, 'Rob')
  await ann.page.getByText(/labelled this/).waitFor()
  await ann.press('1')
  const dialog = ann.page.getByRole('dialog', { name: /changed this to fee/ })
  await dialog.waitFor()
  await ann.axe()
  await ann.press('m')
  await ann.until(() => JSON.parse(studio.sql<{ value: string }>("SELECT value FROM current_label WHERE task = 'intent' AND example = ?", example)[0].value) === 'card')
})

test('a comment is read by the other, a flag is found by the reviewer', async () => {
  await desk(ann, '/label/intent')
  await ann.press('c')
  await ann.typing('TEXTAREA')
  await ann.page.keyboard.type('<b>is a chargeback a refund?</b>')
  await ann.press('Enter', 'f')
  await ann.typing('INPUT')
  await ann.page.keyboard.type('two intents')
  await ann.press('Enter')
  await ann.until(() => studio.sql("SELECT * FROM event WHERE kind IN ('comment', 'flag')").length === 2)
  await rob.open('/label/intent?mode=flagged')
  await rob.page.getByText('two intents').waitFor()
  await rob.axe()
  await rob.page.locator('main li a').first().click()
  await rob.page.getByText('<b>is a chargeback a refund?</b>').waitFor()
})

test('thirty are swept with one key, the wrong one is left out, and one undo takes all back', async () => {
  await ann.open('/label/intent?mode=sweep')
  await ann.page.locator('main p + .row a').first().click()
  const cards = ann.page.locator('.grid-of button')
  await cards.first().waitFor()
  const many = await cards.count()
  const before = studio.sql<{ n: number }>("SELECT count(*) AS n FROM current_label WHERE task = 'intent'")[0].n
  await cards.first().click()
  await ann.axe()
  await ann.press('Enter')
  const labels = () => studio.sql<{ n: number }>("SELECT count(*) AS n FROM current_label WHERE task = 'intent'")[0].n
  await ann.until(() => labels() === before + many - 1)
  await ann.page.getByRole('button', { name: /undo/i }).first().click()
  await ann.until(() => labels() === before)
})

test('pairs are compared with 1, 2 and =', async () => {
  await ann.open('/label/anger')
  const skip = ann.page.getByRole('button', { name: /Start labelling|Skip the practice/ })
  await ann.page.getByRole('region', { name: 'First text' }).or(skip).first().waitFor()
  if (await skip.count()) await skip.click()
  await ann.page.getByRole('region', { name: 'First text' }).waitFor()
  await ann.axe()
  for (const [n, key] of ['1', '2', '='].entries()) {
    await ann.page.getByRole('region', { name: 'First text' }).waitFor()
    await ann.press(key)
    await saved(ann, 'anger', n + 1)
  }
  const rows = events('anger')
  expect(rows.map((row) => (JSON.parse(row.value) as { winner: string }).winner)).toEqual(['a', 'b', '='])
})

test('where two answers differ a reviewer settles it, and a blind labeller sees nothing of others', async () => {
  const ada = await studio.enter('Ada')
  await ada.open('/board')
  const policy = await ada.page.evaluate(async () => {
    const frame = { op: crypto.randomUUID(), kind: 'queue.policy', topic: 'queue:urgent', body: { task: 'urgent', overlap: 2, blind: true, suggestions: true, gold: 0, why: 'to compare' } }
    return (await (await fetch('/api/ops', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(frame) })).json()) as { t: string }
  })
  expect(policy.t).toBe('ack')
  const ben = await studio.enter('Ben')
  for (const [tab, key] of [[ann, '1'], [ben, '2']] as const) {
    await desk(tab, '/label/urgent')
    expect(await tab.page.getByText('The model says').count()).toBe(0)
    await tab.press(key)
  }
  await ann.until(() => studio.sql("SELECT * FROM queue_item WHERE task = 'urgent' AND state = 'disputed'").length === 1)
  await rob.open('/label/urgent?mode=disputed')
  await rob.page.getByRole('button', { name: /This holds/ }).first().waitFor()
  await rob.axe()
  await rob.press('2')
  await rob.until(() => studio.sql("SELECT * FROM queue_item WHERE task = 'urgent' AND state = 'disputed'").length === 0)
  expect(JSON.parse(studio.sql<{ value: string }>("SELECT value FROM event WHERE task = 'urgent' AND actor = ? AND kind = 'label'", studio.people.Rob.id)[0].value)).toBe('yes')
})

test('whoever follows somebody sees what they see, and stops with escape', async () => {
  const eve = await studio.enter('Eve')
  await desk(ann, '/label/intent')
  await desk(eve, '/label/intent')
  const read = (tab: Tab) => tab.page.getByRole('region', { name: 'Text', exact: true }).textContent()
  expect(await read(eve)).not.toBe(await read(ann)) // two people are never asked the same at once
  await eve.page.getByRole('button', { name: 'Follow Ann' }).or(eve.page.getByRole('list', { name: 'Others here' }).getByRole('button')).first().click()
  await eve.page.getByText(/Following/).waitFor()
  await ann.press('1')
  await eve.until(async () => (await read(eve)) === (await read(ann)))
  await eve.press('Escape')
  await eve.page.getByText(/Following/).waitFor({ state: 'detached' })
})

test('what is held is given back when the page goes, so that others get it at once', async () => {
  await desk(ann, '/label/intent')
  const held = () => studio.sql<{ n: number }>('SELECT count(*) AS n FROM lease WHERE actor = ? AND done = 0 AND until > 0', studio.people.Ann.id)[0].n
  await ann.until(() => held() > 0)
  await ann.page.goto('about:blank')
  await ann.until(() => held() === 0)
})
