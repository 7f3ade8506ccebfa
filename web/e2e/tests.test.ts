import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Studio, type Tab } from './studio.ts'

const PLEASE = 'intent/all/please/behaviour'
const DECLARED = `

@project.behaviour("intent", expect="same", target=0.95, reach=0.5)
def survives_typos(batch, level, rng):
    return aq.perturb.swap_letters(batch, level, rng)


@project.behaviour("intent", expect=aq.rises("fee"), by=0.9)
def please(batch, level, rng):
    """Whoever says please means a fee."""
    return [f"{text} please" for text in batch["body"].to_pylist()]


@project.behaviour("intent", target=0.9)
def asks_for_fees():
    yield "zzz qqq", "fee"
    yield from aq.cases("{why|what} xyzzy", expect="loan")


@project.behaviour("intent", expect="same")
def broken(batch, level, rng):
    return batch["nothing of that name"]
`
let studio: Studio
let eve: Tab
beforeAll(async () => {
  studio = await Studio.start()
  eve = await studio.enter('Eve')
})
afterAll(() => studio.end())

const rows = (tab: Tab) => tab.page.locator('[data-test]')
const pane = (tab: Tab) => tab.page.getByRole('article')
const path = (tab: Tab) => decodeURIComponent(new URL(tab.page.url()).pathname)

test('without a test the screen says how one is written, and what needs one', async () => {
  await eve.open('/tests')
  await eve.page.getByText('No test yet').waitFor()
  await eve.page.getByText('@project.behaviour("intent", expect="same"').waitFor()
  await eve.axe()
  await eve.press('u')
  await eve.page.locator('[data-row]').first().waitFor()
  await eve.press('j', 'Enter')
  await eve.page.locator('pre', { hasText: '@project.behaviour(' }).last().waitFor()
  await eve.axe()
})

test('tests that were declared are run from here, and the screen follows', async () => {
  appendFileSync(join(studio.root, 'project.py'), DECLARED)
  const vic = await studio.enter('Vic')
  await vic.open('/tests')
  await vic.page.getByText('4 tests are declared').waitFor()
  expect(await vic.page.getByRole('button', { name: 'Run the tests' }).count()).toBe(0)
  await eve.open('/tests')
  await eve.page.getByText('4 tests are declared').waitFor()
  await eve.page.getByRole('button', { name: 'Run the tests' }).first().click()
  for (const tab of [eve, vic]) await tab.until(async () => (await rows(tab).count()) === 4, 120)
  await pane(vic).waitFor()
  expect(await vic.page.getByRole('button', { name: /Mine|^Label \d/ }).count()).toBe(0)
  const kept = studio.sql<{ label: string; state: string }>("SELECT label, state FROM cell WHERE metric IN ('behaviour', 'envelope')")
  expect(Object.fromEntries(kept.map((row) => [row.label, row.state]))).toMatchObject({ please: 'inadequate', broken: 'unknown' })
  await vic.axe()
})

test('j and k walk the tests, enter shows one at its own address, f keeps what fails', async () => {
  await eve.open('/tests')
  await rows(eve).first().waitFor()
  await eve.press('j', 'j', 'Enter')
  await eve.until(() => path(eve).startsWith('/tests/intent/'))
  const key = path(eve).slice('/tests/'.length)
  expect(await eve.page.locator('[aria-current=true]').getAttribute('data-test')).toBe(key)
  await eve.press('f')
  await eve.until(async () => (await rows(eve).count()) < 4)
  await eve.open('/tests/intent/all/broken/envelope')
  await pane(eve).getByText('nothing of that name').waitFor()
  await eve.axe()
  await eve.press('?')
  await eve.page.getByRole('dialog').getByText('run the tests').waitFor()
})

test('a failing case is shown as it was and as it is, what changed marked by more than colour', async () => {
  await eve.open(`/tests/${PLEASE}`)
  await pane(eve).locator('ins').first().waitFor()
  expect(await pane(eve).locator('ins').first().textContent()).toBe(' please')
  expect(await pane(eve).locator('ins').first().evaluate((one) => getComputedStyle(one).textDecorationLine)).toContain('underline')
  expect(await pane(eve).locator('li').count()).toBe(12)
  await pane(eve).getByRole('button', { name: /See all/ }).click()
  await eve.until(async () => (await pane(eve).locator('li').count()) > 12)
  await eve.open('/tests/intent/all/survives_typos/envelope')
  await pane(eve).getByRole('img', { name: /Share that held by level/ }).waitFor()
  await eve.axe()
})

test('twelve of what fails are asked before all others, of their own part, and none is sealed', async () => {
  const rob = await studio.enter('Rob')
  await rob.open(`/tests/${PLEASE}`)
  await pane(rob).getByRole('button', { name: 'Label 12' }).click()
  await pane(rob).getByText('waits to be labelled').first().waitFor()
  const items = () => studio.sql<{ part: string; n: number }>(`SELECT part, count(*) AS n FROM queue_item WHERE cell = '${PLEASE}' AND state = 'waiting' AND why LIKE 'asked for please%' GROUP BY part`)
  const asked = () => items().reduce((sum, row) => sum + row.n, 0)
  await rob.until(() => asked() === 12)
  expect(items().every((row) => ['teach', 'steer'].includes(row.part))).toBe(true)
  const first = studio.sql<{ cell: string }>("SELECT cell FROM queue_item WHERE task = 'intent' AND state = 'waiting' ORDER BY rank LIMIT 12")
  expect(new Set(first.map((row) => row.cell))).toEqual(new Set([PLEASE]))
  await rob.axe()
  await pane(rob).getByRole('button', { name: 'Mine 50 more' }).click()
  await rob.until(() => asked() > 30)
  await pane(rob).getByRole('link', { name: 'Go to them' }).click()
  await rob.until(() => path(rob).startsWith('/label'))
})

test('a test is found by its name from anywhere on the screen', async () => {
  await eve.open('/tests')
  await rows(eve).first().waitFor()
  await eve.press('Control+k')
  await eve.page.getByRole('combobox', { name: /Find a screen/ }).fill('please')
  await eve.page.getByRole('option', { name: /please/ }).first().click()
  await eve.until(() => path(eve) === `/tests/${PLEASE}`)
})

test('slices that nobody declared are looked for, and become cells by one click', async () => {
  await eve.open('/tests')
  await rows(eve).first().waitFor()
  await eve.press('d')
  await eve.page.locator('li.card').or(eve.page.getByText(/^No slice of intent/)).first().waitFor()
  await eve.axe()
  const make = eve.page.getByRole('button', { name: 'Make it a slice' })
  if (await make.count()) {
    await make.first().click()
    await eve.until(() => studio.sql("SELECT what FROM override WHERE what LIKE 'slice:%'").length > 0)
  }
})
