import { afterAll, beforeAll, expect, test } from 'vitest'
import { Studio, type Tab } from './studio.ts'

const SCREENS = [
  ['board', 'b'], ['label', 'l'], ['explore', 'e'], ['cycles', 'c'], ['live', 'v'], ['guide', 'g'], ['schema', 's'], ['people', 'p'], ['files', 'i'],
] as const

let studio: Studio
let ada: Tab
beforeAll(async () => {
  studio = await Studio.start()
  ada = await studio.enter('Ada')
  await ada.open('/')
})
afterAll(() => studio.end())

test.each(SCREENS.map(([path]) => path))('/%s opens, has a title and one h1, and axe finds nothing', async (path) => {
  await ada.open(`/${path}`)
  await ada.saved()
  await ada.quiet()
  expect(await ada.page.locator('h1').count()).toBe(1)
  expect(await ada.page.title()).toMatch(/mail$/)
  await ada.axe()
})

test('g and a letter jump from screen to screen, without loading the page again', async () => {
  await ada.open('/board')
  await ada.page.evaluate(() => void (document.body.dataset.same = 'yes'))
  for (const [path, key] of [...SCREENS].reverse()) {
    await ada.press('g', key)
    await ada.until(() => new URL(ada.page.url()).pathname.startsWith(`/${path}`))
    await ada.ready()
  }
  expect(await ada.page.evaluate(() => document.body.dataset.same)).toBe('yes')
})

test('? shows the keys of the screen, and they are quiet under it', async () => {
  await ada.open('/board')
  await ada.press('?')
  const help = ada.page.getByRole('dialog', { name: /^Keys/ })
  await help.waitFor()
  expect(await help.textContent()).toMatch(/go to.*Explore.*everywhere.*find anything/s)
  await ada.axe()
  await ada.press('g', 'l')
  expect(new URL(ada.page.url()).pathname).toBe('/board')
  await ada.press('Escape')
  await help.waitFor({ state: 'detached' })
})

test('cmd-K finds screens and labels by name', async () => {
  await ada.open('/board')
  await ada.press('Control+k')
  const palette = ada.page.getByRole('dialog', { name: 'Find anything' })
  const box = palette.getByRole('combobox')
  const first = (says: RegExp) => palette.getByRole('option').first().filter({ hasText: says }).waitFor()
  await box.fill('expl')
  await first(/Explore/)
  await ada.axe()
  await box.fill('refund')
  await first(/refund.*label of intent/)
  await box.fill('expl')
  await first(/Explore/)
  await ada.press('Enter')
  await ada.until(() => ada.page.url().includes('/explore'))
})

test('what is behind the avatar; dark is kept', async () => {
  await ada.open('/board')
  await ada.page.getByRole('button', { name: 'You: Ada' }).click()
  await ada.axe()
  await ada.page.getByRole('menuitemradio', { name: 'Theme: dark' }).click()
  await ada.page.reload()
  await ada.ready()
  expect(await ada.page.evaluate(() => getComputedStyle(document.body).colorScheme)).toBe('dark')
  await ada.page.getByRole('button', { name: 'You: Ada' }).click()
  await ada.page.getByRole('menuitemradio', { name: 'Theme: as the system' }).click()
})

test('a path that leads nowhere says so, within the frame', async () => {
  await ada.open('/nowhere/at/all')
  await ada.page.getByText('There is no screen here').waitFor()
  await ada.axe()
})

test('a telephone’s width: nothing sticks out, and the nav is there', async () => {
  const small = await studio.enter('Ada', { width: 390, height: 844 })
  for (const [path] of SCREENS) {
    await small.open(`/${path}`)
    await small.quiet()
    const over = await small.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(over, path).toBeLessThanOrEqual(0)
  }
  expect(await small.page.getByRole('navigation', { name: 'Screens' }).isVisible()).toBe(true)
})

test('two people see each other in the head, and one who leaves is gone', async () => {
  await ada.open('/board')
  const ben = await studio.enter('Ben')
  await ben.open('/board')
  await ada.page.getByRole('group', { name: 'Also here: Ben' }).waitFor()
  await ben.page.close()
  await ada.page.getByRole('group', { name: /Also here/ }).waitFor({ state: 'detached' })
})

test('who isn’t signed in stands before the door, and sees nothing of the project', async () => {
  const nobody = await studio.enter()
  nobody.forgiven.push(/401/)
  await nobody.open('/board')
  await nobody.until(async () => (await nobody.page.title()).startsWith('Join'))
  expect(await nobody.page.getByRole('navigation', { name: 'Screens' }).count()).toBe(0)
  await nobody.axe()
})

test('the server goes: it is said, and that it came back too', async () => {
  await ada.open('/board')
  await ada.saved()
  await studio.kill()
  await ada.page.getByText('Offline.').waitFor()
  await ada.axe()
  await studio.again()
  await ada.saved()
  await ada.page.getByText('Offline.').waitFor({ state: 'detached' })
})
