/** An empty folder: from a dropped file to the first label, without Python. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Studio, type Tab } from './studio.ts'

let studio: Studio
let tab: Tab
beforeAll(async () => {
  studio = await Studio.empty()
  tab = await studio.enter()
  tab.forgiven.push(/401|422/)
})
afterAll(() => studio.end())

const rows = Array.from({ length: 600 }, (_, n) => {
  const intent = ['refund', 'card', 'login'][n % 3]
  const words = { refund: 'money back for order', card: 'my card was swallowed at', login: 'password reset for account' }[intent]
  return `${words} number ${n} please help,${n < 200 ? intent : ''},t${Math.floor(n / 2)},${n % 2 ? 'app' : 'mail'}`
})
const file = { name: 'mail.csv', mimeType: 'text/csv', buffer: Buffer.from(['body,intent,thread_id,channel', ...rows].join('\n')) }

test('a file is dropped, what it is is inferred and corrected, and the board opens on the project', async () => {
  const { page } = tab
  await tab.follow(studio.link)
  await page.getByRole('heading', { name: 'A new project' }).waitFor()
  await tab.axe()
  await page.setInputFiles('input[type=file]', file)
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor()
  expect(await page.getByLabel('Text').inputValue()).toBe('body')
  expect(await page.getByLabel('Group').inputValue()).toBe('thread_id')
  await page.getByRole('region', { name: 'intent' }).waitFor()
  await tab.axe()

  // One label a row, and any number of them: either way, and back.
  const reads = page.getByLabel('A row of intent has')
  for (const kind of ['multilabel', 'classify']) {
    await reads.selectOption(kind)
    await tab.until(async () => (await page.locator('.found[aria-busy=false]').count()) === 1 && (await reads.inputValue()) === kind)
  }
  await page.getByLabel('Group').selectOption('none')
  await tab.until(async () => (await page.getByLabel('Group').inputValue()) === '')
  await page.getByRole('slider', { name: 'accuracy of intent' }).fill('0.7')
  await page.getByRole('button', { name: 'Start' }).click()
  await tab.until(() => new URL(page.url()).pathname === '/board', 60)
  await tab.saved()

  const source = readFileSync(join(studio.root, 'project.py'), 'utf8')
  expect(source).toContain('accuracy=0.7')
  expect(source).not.toContain('group=')
  await tab.until(() => studio.sql<{ n: number }>("SELECT count(*) AS n FROM event WHERE kind = 'label'")[0].n === 200)
})

test('a file that can’t be read says why, and another can be dropped', async () => {
  const other = await Studio.empty()
  const one = await other.enter()
  one.forgiven.push(/401|422/)
  await one.follow(other.link)
  await one.page.setInputFiles('input[type=file]', { name: 'bytes.parquet', mimeType: 'application/octet-stream', buffer: Buffer.from([1, 2, 3, 4]) })
  await one.page.getByRole('alert').waitFor()
  await one.axe()
  await one.page.getByRole('button', { name: 'Other files' }).click()
  await one.page.setInputFiles('input[type=file]', file)
  await one.page.getByRole('heading', { name: 'Is this right?' }).waitFor()
  await other.end()
})
