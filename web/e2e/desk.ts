/** The label screen, as those who drive it see it. */
import { until, type Tab } from './studio.ts'

/** A desk with a question on it, past the card of the first minute. */
export async function desk(tab: Tab, path: string) {
  await tab.open(path)
  const skip = tab.page.getByRole('button', { name: /Skip the practice|Start labelling/ })
  const question = text(tab).or(tab.page.getByRole('region', { name: 'First text' }))
  await skip.or(tab.page.locator('.acts')).first().waitFor()
  if (await skip.count()) await skip.click()
  await question.first().waitFor()
  await tab.page.locator('.acts').waitFor()
}

/** Where the text that is judged stands. */
export const text = (tab: Tab) => tab.page.getByRole('region', { name: 'Text', exact: true })

/** Answer with a key, once the next text is there; says which text was answered. */
export async function answer(tab: Tab, key: string, before: string | null): Promise<string> {
  let now: string | null = null
  await until(async () => (now = await text(tab).textContent({ timeout: 500 }).catch(() => null)) !== null && now !== before && now !== 'Loading the text…', 30)
  await tab.press(key)
  return now!
}
