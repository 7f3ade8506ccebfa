import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
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
  await eve.page.locator('pre', { hasText: '@project.behaviour("intent", expect="same"' }).waitFor()
  await eve.page.locator('pre', { hasText: '@project.assertion(task="intent")' }).waitFor()
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
  await vic.page.getByText('4 declared, none run yet').waitFor()
  expect(await vic.page.getByRole('button', { name: 'Run the tests' }).count()).toBe(0)
  await eve.open('/tests')
  await rows(eve).nth(3).waitFor()
  await eve.page.getByRole('button', { name: 'Run the tests' }).click()
  for (const tab of [eve, vic]) await tab.page.getByRole('heading', { name: 'Failing' }).waitFor({ timeout: 120_000 })
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
  await pane(eve).getByRole('button', { name: /^Show \d+ more/ }).click()
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
  await rob.page.getByRole('button', { name: 'Undo' }).last().click()
  await rob.until(() => asked() === 12)
  await pane(rob).getByRole('link', { name: 'Answer them' }).click()
  await rob.until(() => path(rob).startsWith('/label'))
})

test('what fails is looked at in Explore, and a test is found by its name from any screen', async () => {
  await eve.open(`/tests/${PLEASE}`)
  await pane(eve).locator('ins').first().waitFor()
  await eve.press('e')
  await eve.until(() => path(eve) === '/explore')
  await eve.page.locator('[data-row]').first().waitFor()
  await eve.press('Control+k')
  await eve.page.getByRole('combobox', { name: /Find a screen/ }).fill('please')
  await eve.page.getByRole('option', { name: /please/ }).first().click()
  await eve.until(() => path(eve) === `/tests/${PLEASE}`)
})

test('a test made in Explore is changed and taken away here, and had back', async () => {
  await eve.open(`/explore?q=${encodeURIComponent('task:intent pred:fee part:teach')}`)
  await eve.page.locator('[data-row]').first().waitFor()
  await eve.press('x')
  await eve.page.getByText(/selected$/).first().waitFor()
  await eve.press('t')
  await eve.page.getByLabel('Name').fill('fees')
  await eve.page.getByRole('button', { name: 'Make the test' }).click()
  await eve.page.getByRole('link', { name: 'Go to the tests' }).click()
  await eve.page.locator('[data-test="intent/all/fees/must_pass"]').click()
  await pane(eve).getByText('from the search').waitFor()
  await pane(eve).getByRole('button', { name: 'Change' }).click()
  await eve.page.getByLabel('Must hold, %').fill('90')
  await eve.page.getByLabel('Why').fill('some are odd')
  await eve.axe()
  await eve.page.getByRole('button', { name: 'Change it' }).click()
  await eve.page.locator('[data-test="intent/all/fees/behaviour"]').waitFor()
  await pane(eve).getByRole('button', { name: 'Remove' }).click()
  await eve.page.locator('[data-test="intent/all/fees/behaviour"]').waitFor({ state: 'detached' })
  await eve.page.getByRole('button', { name: 'Undo' }).last().click()
  await eve.page.locator('[data-test="intent/all/fees/behaviour"]').waitFor()
})

test('where there is room for one thing, the list is shown until a test is chosen', async () => {
  const tab = await studio.enter('Vic', { width: 390 })
  await tab.open('/tests')
  await rows(tab).first().waitFor()
  expect(await pane(tab).isVisible()).toBe(false)
  expect(await tab.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  await rows(tab).first().click()
  await pane(tab).waitFor()
  expect(await rows(tab).first().isVisible()).toBe(false)
  await tab.page.getByRole('link', { name: '‹ All tests' }).click()
  await rows(tab).first().waitFor()
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

test('people are asked about changed copies from here', async () => {
  await eve.open('/tests')
  await rows(eve).first().waitFor()
  await eve.press('p')
  await eve.page.getByLabel('Change', { exact: true }).selectOption('drop_words')
  await eve.page.getByLabel('Copies at most').fill('3')
  await eve.axe()
  await eve.page.getByRole('button', { name: 'Ask about copies' }).click()
  await eve.page.getByText(/cop(y|ies) waits? to be labelled/).waitFor()
  expect(studio.sql("SELECT part FROM queue_item WHERE policy = 'candidates'")).toContainEqual({ part: 'teach' })
})

test('what is read, and where the focus is, stay while tests come out otherwise', async () => {
  const key = 'intent/all/asks_for_fees/behaviour'
  const file = join(studio.root, 'project.py')
  await eve.open('/tests')
  await rows(eve).first().waitFor()
  const reads = await pane(eve).getByRole('heading').first().textContent()
  await eve.page.locator(`[data-test="${key}"]`).focus()
  writeFileSync(file, readFileSync(file, 'utf8').replace('yield "zzz qqq", "fee"', 'yield "fee charge monthly overdraft", "fee"').replace(/ +yield from aq.cases.*xyzzy.*\n/, ''))
  await eve.press('r')
  await eve.page.getByRole('region', { name: /^Passing/ }).locator(`[data-test="${key}"]`).waitFor({ timeout: 120_000 })
  await eve.until(() => eve.page.evaluate(() => (document.activeElement as HTMLElement).dataset.test).then((now) => now === key))
  expect(await pane(eve).getByRole('heading').first().textContent()).toBe(reads)
})
