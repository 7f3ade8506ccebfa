/** What nobody should do, in real browsers: hostile texts, a role taken away mid-edit, a page that keeps to its own rules. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sleep, Studio, until, type Tab } from './studio.ts'

type Line = {
  operate: (kind: string, topic: string, body: Record<string, unknown>) => Promise<unknown> & { op: string }
  live: { pending: number; state: string }
}
const HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>\u202eevil\u2066 \u0007\u001b[31m'
const SCREENS = ['/board', '/label', '/explore', '/cycles', '/guide', '/schema', '/people', '/files', '/together']

let studio: Studio
let ada: Tab
beforeAll(async () => {
  studio = await Studio.start()
  ada = await studio.enter('Ada')
})
afterAll(() => studio.end())

const example = () => studio.sql<{ example: string }>("SELECT example FROM queue_item WHERE part = 'teach' ORDER BY id LIMIT 1")[0].example
const live = (tab: Tab) => tab.page.waitForFunction(() => (window as unknown as { adequate: Line }).adequate.live.state === 'live')
const operate = (tab: Tab, kind: string, topic: string, body: Record<string, unknown>) =>
  tab.page.evaluate(
    ([kind, topic, body]) =>
      (window as unknown as { adequate: Line }).adequate.operate(kind, topic, body).then(
        () => 'ack',
        (error: Error) => error.message,
      ),
    [kind, topic, body] as const,
  )

test('hostile texts are text on every screen, and no screen breaks its own content policy', async () => {
  await ada.page.addInitScript(() => {
    const seen = ((window as unknown as { violations: string[] }).violations = [])
    document.addEventListener('securitypolicyviolation', (event) => (seen as string[]).push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))
  })
  await ada.open('/guide')
  await live(ada)
  const id = example()
  const said = { task: 'intent', example: id }
  expect(await operate(ada, 'comment.add', `example:${id}`, { ...said, text: HOSTILE + '?' })).toBe('ack')
  expect(await operate(ada, 'flag.set', `example:${id}`, { ...said, on: true, reason: HOSTILE })).toBe('ack')
  expect(await operate(ada, 'decision.add', 'guide:intent', { task: 'intent', text: HOSTILE })).toBe('ack')
  expect(await operate(ada, 'guide.put', 'guide:intent', { task: 'intent', id: 'hostile', title: '<b onclick=x>bold</b>', markdown: `${HOSTILE}\n\n[click](javascript:document.title='owned') ![x](javascript:1)` })).toBe('ack')
  expect(await operate(ada, 'comment.add', `example:${id}`, { ...said, text: 'half \ud800 a character' })).not.toBe('ack')
  for (const path of [...SCREENS, `/examples/${id}`, '/label/intent', '/label/intent?mode=flagged', '/guide/intent']) {
    await ada.open(path)
    await ada.quiet()
    expect(await ada.page.title(), path).not.toContain('owned')
    expect(await ada.page.locator('main img[src=x], main script, main [onclick], a[href^="javascript:" i]').count(), path).toBe(0)
    expect(await ada.page.evaluate(() => (window as unknown as { violations: string[] }).violations), path).toEqual([])
  }
  await ada.open('/guide/intent')
  await ada.page.getByText('<script>').first().waitFor()
})

test('a role that is taken away mid-edit ends the tab’s line, and what was not allowed any more is not there', async () => {
  const ben = await studio.enter('Ben')
  ben.forgiven.push(/40[13]/)
  await ben.open('/guide')
  await live(ben)
  const id = example()
  expect(await operate(ben, 'comment.add', `example:${id}`, { task: 'intent', example: id, text: 'while I may' })).toBe('ack')
  expect(await ada.page.evaluate((who) => fetch(`/api/people/${who}`, { method: 'DELETE' }).then((answer) => answer.status), studio.people.Ben.id)).toBe(204)
  void operate(ben, 'comment.add', `example:${id}`, { task: 'intent', example: id, text: 'when I may not' }).catch(() => {})
  const asked = () => ben.page.evaluate(() => fetch('/api/queues').then((answer) => answer.status))
  await until(async () => (await asked().catch(() => 0)) === 401)
  await sleep(1500) // time enough for what must not come
  expect(studio.sql("SELECT 1 FROM event WHERE value LIKE '%when I may not%'")).toEqual([])
  expect(studio.sql("SELECT 1 FROM event WHERE value LIKE '%while I may%'").length).toBe(1)
})
