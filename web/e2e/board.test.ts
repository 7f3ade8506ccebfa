import { afterAll, beforeAll, expect, test } from 'vitest'
import { Studio, type Tab } from './studio.ts'

const CELL = '/board/intent/all/accuracy'
let studio: Studio
let eve: Tab
beforeAll(async () => {
  studio = await Studio.start()
  eve = await studio.enter('Eve')
})
afterAll(() => studio.end())

const cells = (tab: Tab) => tab.page.locator('[data-cell]')

test('the board says what the terminal says, and axe finds nothing', async () => {
  await eve.open('/board')
  await cells(eve).first().waitFor()
  const said = JSON.parse(studio.cli('board', '--json')) as { cells: { state: string }[] }
  const adequate = said.cells.filter((cell) => cell.state === 'adequate').length
  await eve.page.getByRole('heading', { name: `${adequate} of ${said.cells.length} cells adequate` }).waitFor()
  await eve.until(async () => (await cells(eve).count()) === said.cells.length)
  await eve.axe()
})

test('h j k l walk the cells, enter opens one at its own address, escape comes back', async () => {
  await eve.open('/board')
  await cells(eve).first().waitFor()
  await eve.press('j')
  const at = () => eve.page.evaluate(() => (document.activeElement as HTMLElement).dataset.cell)
  await eve.until(at)
  const first = await at()
  await eve.press('l')
  await eve.until(async () => (await at()) !== first)
  await eve.press('h')
  await eve.until(async () => (await at()) === first)
  await eve.press('Enter')
  await eve.page.getByRole('dialog').waitFor()
  expect(new URL(eve.page.url()).pathname).toMatch(/^\/board\/./)
  await eve.press('Escape')
  await eve.until(() => new URL(eve.page.url()).pathname === '/board')
})

test('a target is tried out, changed with a reason, and taken back', async () => {
  await eve.open(CELL)
  const drawer = eve.page.getByRole('dialog')
  const slider = drawer.getByRole('slider')
  await slider.fill('60')
  await drawer.getByText('Moving the slider looks at nothing new').waitFor()
  await drawer.getByRole('button', { name: /^Make 60/ }).click()
  await drawer.getByText('takes a reason').waitFor()
  expect(studio.sql("SELECT * FROM override WHERE what LIKE 'target:%'")).toEqual([])
  await drawer.getByLabel('Why').fill('the pilot needs less')
  await eve.axe()
  await drawer.getByRole('button', { name: /^Make 60/ }).click()
  await drawer.getByRole('button', { name: /Take back/ }).waitFor()
  const eves = studio.people.Eve.id
  const rows = () => studio.sql("SELECT what, value, who, why FROM override WHERE what LIKE 'target:%' ORDER BY id")
  expect(rows()).toEqual([{ what: 'target:intent/all/accuracy', value: '0.6', who: eves, why: 'the pilot needs less' }])
  expect(studio.sql("SELECT kind, topic, actor FROM event WHERE kind = 'target'")).toEqual([{ kind: 'target', topic: 'board', actor: eves }])
  await drawer.getByRole('button', { name: /Take back/ }).click()
  await eve.until(() => rows().length === 2 && rows()[1].value === 'null')
})

test('fifty more are mined for a cell, come first, and none is sealed', async () => {
  await eve.open(CELL)
  const drawer = eve.page.getByRole('dialog')
  await drawer.getByRole('button', { name: 'Mine 50 more' }).click()
  await drawer.getByRole('link', { name: /^Label these \d+/ }).waitFor()
  const mine = studio.sql<{ part: string; n: number }>("SELECT part, count(*) AS n FROM queue_item WHERE cell = 'intent/all/accuracy' AND state = 'waiting' AND why LIKE 'asked for%' GROUP BY part")
  expect(mine.map((row) => row.part)).toEqual(['teach'])
  expect(mine[0].n).toBeGreaterThan(10)
})

test('a slice is counted while it is typed, and says why it can’t be', async () => {
  await eve.open('/board')
  eve.forgiven.push(/status of 422/)
  await eve.page.getByRole('button', { name: 'Add a slice' }).click()
  const dialog = eve.page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('long ones')
  await dialog.getByLabel('Condition').fill('lenght(body) > 60')
  await dialog.getByText(/lenght/i).last().waitFor()
  await dialog.getByLabel('Condition').fill('length(body) > 60')
  await dialog.getByText(/of 1.?200 examples/).waitFor()
  await eve.axe()
  await dialog.getByLabel('Why').fill('they ask several things')
  await dialog.getByRole('button', { name: 'Add the slice' }).click()
  await dialog.waitFor({ state: 'detached' })
  await eve.page.locator('[data-cell="intent/long ones/accuracy"]').waitFor()
  const rows = studio.sql<{ value: string }>("SELECT value FROM override WHERE what = 'slice:long ones'")
  expect(JSON.parse(rows[0].value)).toEqual({ sql: 'length(body) > 60', target: 0.8, critical: false })
})

test('what changes is seen by whoever looks, and a viewer can change nothing', async () => {
  const vic = await studio.enter('Vic')
  await vic.open('/board')
  await cells(vic).first().waitFor()
  expect(await vic.page.getByRole('button', { name: /Add a slice|Run a cycle|set it/ }).count()).toBe(0)
  await eve.open('/board')
  await eve.page.getByRole('button', { name: 'set it' }).click()
  await eve.page.getByLabel('An hour costs').fill('24')
  await eve.page.getByRole('button', { name: 'Keep' }).click()
  await vic.page.getByText('at 24 € an hour').waitFor()
  await vic.open(CELL)
  await vic.page.getByRole('dialog').getByRole('heading', { name: 'What fails' }).waitFor()
  await vic.page.getByRole('slider').fill('60') // what another target would take may be looked at by everybody
  await vic.page.getByText('It changes nothing').waitFor()
  expect(await vic.page.getByRole('button', { name: /^Make 60/ }).count()).toBe(0)
  expect(await vic.page.getByRole('button', { name: /Mine/ }).count()).toBe(0)
  await vic.open('/label')
  await vic.page.getByText('You look on here').waitFor()
  await vic.axe()
  await vic.open(CELL)
  await vic.page.getByRole('dialog').getByRole('heading', { name: 'What fails' }).waitFor()
  await vic.axe()
})

test('a model is rejected by name, with a reason; the gate is asked only on purpose', async () => {
  const looks = () => studio.sql<{ n: number }>('SELECT count(*) AS n FROM look')[0].n
  const before = looks()
  await eve.open('/cycles')
  await eve.page.getByRole('heading', { name: 'Cycles' }).waitFor()
  await eve.axe()
  await eve.open('/cycles/1..1')
  await eve.page.getByRole('heading', { name: 'Decision' }).waitFor()
  await eve.axe()
  expect(looks()).toBe(before)
  await eve.page.getByRole('button', { name: 'Reject…' }).click()
  const dialog = eve.page.getByRole('dialog')
  await dialog.getByLabel('Why').fill('not yet')
  await dialog.getByLabel('Your name').fill('Eve')
  await dialog.getByRole('button', { name: 'Reject it' }).click()
  await dialog.waitFor({ state: 'detached' })
  expect(studio.sql('SELECT state, accepted FROM model')).toEqual([{ state: 'rejected', accepted: null }])
  expect(studio.sql("SELECT value, why FROM override WHERE what LIKE 'gate:%'")).toEqual([{ value: '"rejected"', why: 'not yet' }])
})
