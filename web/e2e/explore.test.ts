import { afterAll, beforeAll, expect, test } from 'vitest'
import { Studio, type Tab } from './studio.ts'

let studio: Studio
let eve: Tab
beforeAll(async () => {
  studio = await Studio.start()
  eve = await studio.enter('Eve')
})
afterAll(() => studio.end())

const search = async (q: string) => {
  await eve.open(`/explore?${new URLSearchParams({ q })}`)
  await eve.page.getByRole('list', { name: 'Results' }).or(eve.page.getByText('Nothing fits')).first().waitFor()
}
const found = async () => Number((await eve.page.getByRole('region', { name: 'Found' }).getByRole('status').innerText()).replaceAll('\u2009', '').replace(/\D.*$/s, ''))
const marks = () => eve.page.evaluate(() => performance.getEntriesByName('map').length)
const labelled = () => studio.sql("SELECT count(*) AS n FROM current_label WHERE task = 'intent'")[0].n as number

test('a search stands in the address, as chips, and is completed while it is typed', async () => {
  await eve.open('/explore')
  await eve.page.locator('canvas').waitFor()
  await eve.press('/')
  await eve.page.keyboard.type('task:intent pred:re')
  await eve.page.getByRole('option', { name: /refund/ }).waitFor()
  await eve.press('Tab', 'Enter')
  await eve.until(() => new URL(eve.page.url()).searchParams.get('q') === 'task:intent pred:refund')
  await eve.page.getByRole('list', { name: 'Conditions' }).getByText('pred: refund').waitFor()
  await eve.until(async () => (await found()) > 3)
  const n = await found()
  await eve.page.getByRole('button', { name: 'Take away pred: refund' }).click()
  await eve.until(() => new URL(eve.page.url()).searchParams.get('q') === 'task:intent')
  await eve.until(async () => (await found()) > n)
  await eve.axe()
})

test('a mistake is shown where it is, with what was meant', async () => {
  eve.forgiven.push(/422/)
  const errors = eve.page.waitForResponse((answer) => answer.status() === 422)
  await eve.open('/explore')
  await eve.page.getByRole('combobox', { name: 'Search the examples' }).fill('fee labl:x')
  await eve.press('Enter')
  await errors
  const alert = eve.page.getByRole('alert').filter({ hasText: 'labl' })
  await alert.waitFor()
  expect(await alert.locator('mark').innerText()).toBe('labl:x')
  expect(await alert.innerText()).toMatch(/did you mean 'label:'/)
  await eve.axe()
})

test('the list walks, ticks and opens by keys', async () => {
  await search('task:intent -is:labelled')
  await eve.press('j', 'j', 'Space', 'j', 'j', 'Shift+Space')
  await eve.page.getByText('3 selected').waitFor()
  await eve.press('Escape')
  await eve.press('Enter')
  await eve.until(() => new URL(eve.page.url()).pathname.startsWith('/examples/'))
})

test('the map draws itself, and what is drawn round is in the list', async () => {
  await eve.open('/explore')
  await eve.until(async () => (await marks()) > 0)
  const stage = eve.page.getByRole('application', { name: /^Map of/ })
  await stage.focus()
  await eve.press('s', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowUp', 'Shift+ArrowUp', 'Enter')
  await eve.until(() => /^in:[0-9a-f]{12}$/.test(new URL(eve.page.url()).searchParams.get('q') ?? ''))
  await eve.page.getByText('selected on the map').waitFor()
  const n = await found()
  expect(n).toBeGreaterThan(5)
  await eve.axe()
  const box = (await stage.boundingBox())!
  await eve.open('/explore')
  await eve.until(async () => (await marks()) > 0)
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await eve.page.mouse.move(x - 90, y - 90)
  await eve.page.mouse.down()
  for (const [dx, dy] of [[90, -90], [90, 90], [-90, 90]]) await eve.page.mouse.move(x + dx, y + dy, { steps: 5 })
  await eve.page.mouse.up()
  await eve.until(() => /^in:/.test(new URL(eve.page.url()).searchParams.get('q') ?? ''))
})

test('a pair that is mixed up fits the map to it', async () => {
  await eve.open('/explore?task=intent')
  const pairs = eve.page.getByRole('region', { name: /^Mixed up/ })
  await pairs.getByRole('button').first().click()
  await eve.until(() => new URL(eve.page.url()).searchParams.getAll('pair').length === 2)
  await eve.page.getByText('Left to right tells the two apart').waitFor()
  expect(new URL(eve.page.url()).searchParams.get('q')).toMatch(/^pair:/)
  await eve.axe()
})

test('everything found is labelled after a look at a sample, and taken back with one press', async () => {
  const before = labelled()
  await search('task:intent part:teach -is:labelled pred:card')
  const n = await found()
  await eve.press('x')
  await eve.page.getByText(`${n} selected`).waitFor()
  await eve.press('b')
  const dialog = eve.page.getByRole('dialog', { name: /^Label/ })
  await dialog.waitFor()
  await dialog.getByLabel('Label of intent').selectOption('card')
  await dialog.getByText('Is it card?').waitFor()
  await eve.axe()
  await dialog.getByLabel('Close').focus()
  const sample = Math.min(20, n)
  for (let i = 0; i < sample; i++) await eve.press('y')
  await dialog.getByRole('button', { name: /^Label \d+ examples?$/ }).click()
  await dialog.waitFor({ state: 'detached' })
  await eve.until(() => labelled() === before + n)
  const sources = studio.sql("SELECT source, count(*) AS n FROM event WHERE policy = 'bulk' GROUP BY source ORDER BY source")
  expect(sources.map((one) => one.n).reduce((a, b) => Number(a) + Number(b), 0)).toBe(n)
  await eve.page.getByRole('button', { name: /Undo/i }).first().click()
  await eve.until(() => labelled() === before)
})

test('a search becomes a slice, and questions for people', async () => {
  await search('"refund"')
  await eve.press('x')
  await eve.page.getByRole('button', { name: 'Add a slice' }).click()
  const dialog = eve.page.getByRole('dialog', { name: 'Add a slice' })
  await dialog.getByLabel('Name').fill('says refund')
  await eve.axe()
  await dialog.getByRole('button', { name: 'Add the slice' }).click()
  await eve.until(() => studio.sql("SELECT count(*) AS n FROM override WHERE what = 'slice:says refund'")[0].n === 1)
  await search('task:intent part:teach -is:labelled margin<.9 sort:margin')
  await eve.press('x', 'q')
  const ask = eve.page.getByRole('dialog', { name: 'Ask people' })
  await ask.getByLabel('Why').fill('undecided')
  await ask.getByRole('button', { name: /into the queue/ }).click()
  await eve.until(() => Number(studio.sql("SELECT count(*) AS n FROM queue_item WHERE policy = 'chosen' AND state = 'waiting'")[0].n) > 0)
})

test('a label that looks wrong is kept or changed by one key', async () => {
  await eve.open('/explore?view=errors&task=intent')
  await eve.page.getByRole('article').waitFor()
  await eve.axe()
  const events = () => Number(studio.sql("SELECT count(*) AS n FROM event WHERE kind = 'kept' OR why = 'changed'")[0].n)
  const before = events()
  const shown = () => eve.page.getByRole('article').textContent()
  const first = await shown()
  await eve.press('a')
  await eve.until(() => events() === before + 1)
  await eve.until(async () => (await shown()) !== first)
  await eve.press('1')
  await eve.until(() => events() === before + 2)
})

test('somebody who only looks is offered nothing that they may not do', async () => {
  const vic = await studio.enter('Vic')
  await vic.open('/explore?q=refund')
  await vic.page.getByRole('list', { name: 'Results' }).waitFor()
  await vic.press('x')
  await vic.page.getByText(/selected$/).first().waitFor()
  expect(await vic.page.getByRole('button', { name: /Label all|Add a slice|Ask people/ }).count()).toBe(0)
})
