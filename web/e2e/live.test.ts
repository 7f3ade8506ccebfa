import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ENV, PYTHON, ROOT } from './python.ts'
import { Studio, type Tab } from './studio.ts'

let studio: Studio
let eve: Tab
beforeAll(async () => {
  studio = await Studio.start()
  eve = await studio.enter('Eve')
})
afterAll(() => studio.end())

const SMALL = 'aa11aa11aa11aa11'
const LARGE = 'bb22bb22bb22bb22'
const POOR = 'cc33cc33cc33cc33'
const states = () => Object.fromEntries(studio.sql<{ release: string; state: string }>('SELECT release, state FROM rollout ORDER BY id').map((row) => [row.release, row.state]))
const row = (tab: Tab, release: string) => tab.page.locator(`[data-release="${release}"]`)
const dialog = (tab: Tab) => tab.page.getByRole('dialog')

async function take(tab: Tab, release: string, to: string, why: string) {
  await row(tab, release).getByRole('button', { name: /Approve & ship/ }).click()
  await tab.page.getByRole('menuitem', { name: to, exact: true }).click()
  await dialog(tab).getByLabel('Why').fill(why)
  await tab.axe()
  await dialog(tab).getByRole('button', { name: 'Do it' }).click()
  await dialog(tab).waitFor({ state: 'detached' })
}

test('before anything was shipped the screen says the command', async () => {
  await eve.open('/board')
  await eve.press('g', 'v')
  await eve.page.getByText('Nothing is shipped yet').waitFor()
  await eve.page.getByText('adequate ship', { exact: true }).waitFor()
  await eve.axe()
  await eve.open('/cycles/releases')
  await eve.page.getByText('None yet').waitFor()
  await eve.axe()
})

test('Live says in words what changed, what to do about it, and what the estimates can’t see', async () => {
  execFileSync(PYTHON, ['-m', 'tests.studio.shipped', studio.root], { cwd: ROOT, env: ENV })
  await eve.open('/live')
  const alert = eve.page.locator('[data-alert="labels:intent"]')
  await alert.getByText(/at least .* of requests get other labels/).waitFor()
  await alert.getByRole('link', { name: 'Label' }).waitFor()
  await eve.page.getByText(/can’t see concept drift; the audit sample can/).waitFor()
  await eve.page.getByRole('img', { name: /^Confidence: / }).waitFor()
  await eve.page.getByRole('navigation', { name: 'Screens' }).getByText(/▲\d/).waitFor()
  await eve.axe()
})

test('what was recorded waits in the queue without anybody bringing it in', async () => {
  await eve.page.getByRole('link', { name: /wait: label them/ }).first().waitFor({ timeout: 120_000 })
  expect(studio.sql<{ n: number }>("SELECT count(*) AS n FROM recorded")[0].n).toBeGreaterThan(100)
})

test('the frontier tells a candidate by sign and word, to keys as to a pointer', async () => {
  await eve.open('/cycles/releases')
  const candidates = eve.page.locator('[data-candidate]')
  await candidates.nth(2).waitFor()
  await candidates.first().focus()
  await eve.page.getByText('refused: something regressed; of the gate’s labels 9 lost, 2 won').waitFor()
  await eve.press('ArrowRight')
  await eve.page.locator('.chosen').getByText(/passed the gate/).waitFor()
  await eve.page.getByText('1 can’t be made').waitFor()
  await eve.page.getByRole('button', { name: 'As a table' }).click()
  await eve.axe()
})

test('a release that passed is let answer with a reason, another takes over, and a rollback puts back', async () => {
  await take(eve, LARGE, 'all', 'the first')
  await eve.until(() => states()[LARGE] === 'all')
  await take(eve, SMALL, '5 % of requests', 'half the size')
  await eve.until(() => states()[SMALL] === 'share')
  await row(eve, SMALL).getByText('half the size').waitFor()
  await take(eve, SMALL, 'all', 'no complaints')
  await eve.until(() => states()[LARGE] === 'retired')
  await eve.open('/live')
  await eve.page.getByRole('button', { name: 'Roll back…' }).click()
  await dialog(eve).getByLabel('Why').fill('complaints')
  await dialog(eve).getByRole('button', { name: 'Roll back' }).click()
  await eve.until(() => states()[LARGE] === 'all' && states()[SMALL] === 'retired')
  const [last] = studio.sql<{ who: string; why: string }>('SELECT who, why FROM rollout ORDER BY id DESC LIMIT 1')
  expect(last).toEqual({ who: 'Eve', why: 'complaints' })
})

test('what the gate refused may be a shadow and no more, and who only looks changes nothing', async () => {
  await eve.open('/cycles/releases')
  await row(eve, POOR).getByText('intent got worse overall').waitFor()
  await row(eve, POOR).getByRole('button', { name: /Approve & ship/ }).click()
  expect(await eve.page.getByRole('menuitem', { name: 'all', exact: true }).getAttribute('aria-disabled')).toBe('true')
  expect(await eve.page.getByRole('menuitem', { name: 'shadow' }).getAttribute('aria-disabled')).toBe(null)
  const vic = await studio.enter('Vic', { width: 390 })
  for (const path of ['/live', '/cycles/releases']) {
    await vic.open(path)
    await vic.page.locator('main section').first().waitFor()
    expect(await vic.page.getByRole('button', { name: /Approve & ship|Roll back/ }).count()).toBe(0)
    expect(await vic.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await vic.axe()
  }
})
