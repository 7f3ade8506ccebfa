/** The first minute of somebody who has only a link, and what the board of somebody else shows of it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answer, text } from './desk.ts'
import { Studio, until } from './studio.ts'

let studio: Studio
beforeAll(async () => void (studio = await Studio.start()))
afterAll(() => studio.end())

test('from the link to the first label in well under a minute, and the board moves with it, cells too, without a reload', async () => {
  const eve = await studio.enter('Eve')
  await eve.open('/board')
  await eve.page.locator('[data-cell]').first().waitFor()
  await eve.page.evaluate(() => ((window as unknown as { same: boolean }).same = true)) // gone after a reload
  const badge = eve.page.getByRole('link', { name: /^Label .*waiting/ })
  const before = await badge.textContent()

  const link = studio.cli('people', 'invite', '--role', 'labeller').match(/http:\S+\/join#\S+/)![0]
  const kim = await studio.enter()
  const begun = Date.now()
  await kim.follow(link)
  const looking = Date.now()
  await kim.axe()
  const looked = Date.now() - looking // by axe: nobody else waits for it
  await kim.page.getByLabel('Your name').fill('Kim')
  await kim.page.getByRole('button', { name: 'Join and label the first' }).click()
  await kim.page.locator('main a[href="/label/intent"]').or(kim.page.getByRole('heading', { name: 'Six keys, and you can start' })).first().click()
  await kim.page.getByText('1 of 3').waitFor()
  await kim.press('Escape')
  await text(kim).waitFor()
  const labels = () => studio.sql<{ n: number }>("SELECT count(*) AS n FROM event WHERE kind = 'label' AND actor = 'kim'")[0].n
  let said = await answer(kim, '1', null)
  await until(() => labels() === 1)
  expect((Date.now() - begun - looked) / 1000).toBeLessThan(30)

  await eve.until(async () => (await badge.textContent()) !== before)
  const turned = () => studio.sql<{ n: number }>("SELECT count(*) AS n FROM event WHERE kind = 'turned'")[0].n
  const model = eve.page.locator('.toolbar .quiet').filter({ hasText: 'model' })
  const first = await model.textContent()
  const after = ((await (await eve.page.request.get(`${studio.url}/api/run`)).json()) as { after: number }).after
  expect(after).toBeLessThan(80)
  const many = after + 5 // a twentieth of all labels, these included
  for (let n = 1; n < many; n++) said = await answer(kim, '1', said)
  await until(() => labels() === many)
  await until(() => turned() > 0, 120)
  await eve.until(async () => (await model.textContent()) !== first, 60) // a new model stands there
  await eve.page.locator('[data-cell]').first().waitFor()
  expect(await eve.page.evaluate(() => (window as unknown as { same?: boolean }).same)).toBe(true)
}, 240_000)
