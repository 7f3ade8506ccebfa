import { afterAll, beforeAll, expect, test } from 'vitest'
import { Studio, type Tab } from './studio.ts'

let studio: Studio
let ada: Tab
let rob: Tab
beforeAll(async () => {
  studio = await Studio.start()
  ada = await studio.enter('Ada')
  rob = await studio.enter('Rob')
})
afterAll(() => studio.end())

/** An example of a part, with its label. */
const example = (part: number, task = 'intent') => {
  const codes = studio.sql<{ codes: string }>("SELECT hex(codes) AS codes FROM part_codes ORDER BY first_row").map((row) => row.codes).join('')
  const rows = studio.sql<{ row: number; example: string; value: string }>('SELECT "row", example, value FROM current_label WHERE task = ?', task)
  return rows.find(({ row }) => Number.parseInt(codes.slice(2 * row, 2 * row + 2), 16) === part)!
}
const EVIL = '<img src=x onerror=alert(1)> **bold** [x](javascript:alert(1))'

test('a section is written by one and seen by the other, as text and never as HTML', async () => {
  const { example: id } = example(0)
  await ada.open('/guide/intent')
  await rob.open('/guide/intent')
  await ada.press('n')
  await ada.page.getByLabel('Title').fill('In general')
  await ada.page.getByRole('textbox', { name: /^(Text|Yours)$/ }).fill(`${EVIL}\n\n- such as #${id.slice(0, 12)}`)
  await rob.page.locator('main').getByTitle('Ada').first().waitFor()
  await ada.page.getByRole('button', { name: 'Save' }).click()
  const shown = rob.page.getByRole('region', { name: 'In general' })
  await shown.getByText('<img src=x onerror=alert(1)>').waitFor()
  await shown.getByRole('link', { name: `#${id.slice(0, 6)}` }).waitFor()
  expect(await shown.locator('img').count()).toBe(0)
  expect(await shown.getByRole('link', { name: 'x', exact: true }).count()).toBe(0)
  expect(studio.sql('SELECT markdown FROM guide_section')[0].markdown).toContain('onerror')
  await ada.axe()
})

test('whoever saves second sees the other’s words beside their own, and joins them', async () => {
  for (const tab of [ada, rob]) await tab.page.getByRole('button', { name: 'Edit In general' }).click()
  await ada.page.getByRole('textbox', { name: /^(Text|Yours)$/ }).fill('one\nfrom Ada')
  await rob.page.getByRole('textbox', { name: /^(Text|Yours)$/ }).fill('one\nfrom Rob')
  await ada.page.getByRole('button', { name: 'Save' }).click()
  await ada.page.getByText('from Ada').waitFor()
  await rob.page.getByRole('button', { name: 'Save' }).click()
  await rob.page.getByText('Theirs', { exact: false }).first().waitFor()
  await rob.axe()
  await rob.page.getByRole('button', { name: 'Join both' }).click()
  await rob.page.getByRole('button', { name: 'Save' }).click()
  await ada.page.getByText('from Rob').waitFor()
  const [{ markdown }] = studio.sql<{ markdown: string }>('SELECT markdown FROM guide_section')
  expect(markdown.split('\n').sort()).toEqual(['from Ada', 'from Rob', 'one'])
})

test('a label’s meaning, a decision, and the re-check of what was labelled before', async () => {
  await ada.page.getByRole('button', { name: 'card : describe' }).or(ada.page.getByRole('button', { name: /^card/ })).first().click()
  await ada.page.getByRole('textbox', { name: /^(Text|Yours)$/ }).fill('**What it means.** Cards of all kinds.')
  await ada.page.getByRole('button', { name: 'Save' }).click()
  await rob.page.getByText('Cards of all kinds.').waitFor()
  await rob.page.getByLabel('New decision').fill('Lost cards count as card')
  await rob.page.getByLabel('About which label').selectOption('card')
  await rob.page.getByRole('button', { name: 'Decide' }).click()
  await ada.page.getByRole('button', { name: /Re-check the \d+ affected/ }).click()
  await ada.page.getByText('are being asked again').waitFor()
  const [{ n }] = studio.sql<{ n: number }>("SELECT count(*) AS n FROM queue_item WHERE policy = 'recheck' AND state = 'waiting'")
  const [{ m }] = studio.sql<{ m: number }>("SELECT count(*) AS m FROM current_label WHERE task = 'intent' AND value = '\"card\"'")
  expect(n).toBe(m)
})

test('a labeller’s question is answered and becomes a rule', async () => {
  const ann = await studio.enter('Ann')
  const { example: id } = example(0)
  await ann.open(`/examples/${id}`)
  await ann.page.getByRole('textbox', { name: 'Comment' }).fill('is a chargeback a refund?')
  await ann.page.getByRole('button', { name: 'Comment', exact: true }).click()
  await ann.page.getByText('commented').waitFor()
  await rob.open('/guide/intent')
  await rob.page.getByText('is a chargeback a refund?').waitFor()
  await rob.page.getByRole('button', { name: 'Answer' }).click()
  await rob.page.getByLabel('The rule from now on').fill('Yes, it is.')
  await rob.page.getByRole('button', { name: 'Make it a rule' }).click()
  await ada.page.getByText('Yes, it is.').waitFor()
  await ada.page.getByText('No open question').waitFor()
})

test('the labels of no task in particular keep the line open, and the menu of the last is whole', async () => {
  await ada.open('/schema')
  await ada.page.locator('tbody tr').first().waitFor()
  await ada.page.locator('tbody tr').last().getByRole('button').last().click()
  await ada.page.getByRole('menuitem', { name: 'Retire…' }).click({ trial: true }) // nothing lies over it or cuts it off
  await ada.press('Escape')
  await ada.saved()
})

test('a rename is previewed, done, seen by the other and undone', async () => {
  const before = studio.sql("SELECT \"row\", value, source, probability FROM current_label WHERE task = 'intent' ORDER BY \"row\"")
  await ada.open('/schema/intent')
  await ada.axe()
  await rob.open('/schema/intent')
  await ada.page.getByRole('button', { name: 'Change card' }).click()
  await ada.page.getByRole('menuitem', { name: 'Rename…' }).click()
  await ada.page.getByLabel('New name').fill('payment <b>card</b>')
  await ada.page.getByLabel('Why').fill('clearer')
  await ada.page.getByText(/current labels? will read otherwise/).waitFor()
  await ada.axe()
  await ada.page.getByRole('button', { name: 'Rename', exact: true }).click()
  await rob.page.getByRole('rowheader', { name: 'payment <b>card</b>' }).waitFor()
  expect(studio.sql("SELECT count(*) AS n FROM current_label WHERE task = 'intent' AND value = '\"card\"'")[0].n).toBe(0)
  expect(studio.cli('show', '--as-python')).toContain('renamed=')
  await ada.open('/guide/intent')
  await ada.page.getByRole('region', { name: 'payment <b>card</b>' }).waitFor()
  await ada.open('/schema/intent')
  await ada.page.getByRole('button', { name: 'Undo the last change' }).click()
  await rob.page.getByRole('rowheader', { name: 'card', exact: true }).waitFor()
  expect(studio.sql("SELECT \"row\", value, source, probability FROM current_label WHERE task = 'intent' ORDER BY \"row\"")).toEqual(before)
})

test('a split asks people again; keys choose and merge', async () => {
  await ada.open('/schema/intent')
  await ada.page.getByLabel('Choose loan').check()
  await ada.press('Escape')
  await ada.page.locator('h1').click()
  await ada.press('s')
  await ada.page.getByLabel('Into').fill('mortgage\ncredit')
  await ada.page.getByLabel('Why').fill('two desks')
  await ada.page.getByText(/will be taken back/).waitFor()
  await ada.page.getByRole('button', { name: 'Split', exact: true }).click()
  await ada.page.getByRole('rowheader', { name: 'mortgage' }).waitFor()
  expect(studio.sql<{ n: number }>("SELECT count(*) AS n FROM queue_item WHERE policy = 'relabel'")[0].n).toBeGreaterThan(0)
})

test('an example shows who said what; a sealed one only that it is there', async () => {
  const open = example(0)
  await ada.open(`/examples/${open.example}`)
  await ada.page.getByText('Most like it').waitFor()
  await ada.page.getByLabel('Label for intent').selectOption('refund')
  await until_said(open.example, '"refund"')
  await ada.page.getByRole('heading', { name: 'History' }).waitFor()
  await ada.axe()
  const sealed = example(2)
  await ada.open(`/examples/${sealed.example}`)
  await ada.page.getByText('Sealed.').waitFor()
  expect(await ada.page.getByText('Most like it').count()).toBe(0)
  await ada.axe()
})

test('erasing takes an owner and the id, typed', async () => {
  const { example: id } = example(0, 'urgent')
  await rob.open(`/examples/${id}`)
  await rob.page.getByRole('button', { name: 'More' }).click()
  await rob.page.getByRole('menuitem').first().waitFor()
  expect(await rob.page.getByRole('menuitem', { name: 'Erase for good…' }).count()).toBe(0)
  await ada.open(`/examples/${id}`)
  await ada.page.getByRole('button', { name: 'More' }).click()
  await ada.page.getByRole('menuitem', { name: 'Erase for good…' }).click()
  await ada.axe()
  await ada.page.getByLabel('Type the example’s id').fill(id)
  await ada.page.getByRole('button', { name: 'Erase', exact: true }).click()
  await ada.until(() => studio.sql<{ n: number }>('SELECT count(*) AS n FROM current_label WHERE example = ?', id)[0].n === 0)
})

const until_said = (id: string, value: string) =>
  ada.until(() => studio.sql<{ value: string }>("SELECT value FROM current_label WHERE task = 'intent' AND example = ?", id)[0]?.value === value)
