/** Light, dark, or as the system has it; kept in this browser. */

export type Theme = 'system' | 'light' | 'dark'
const KEY = 'adequate|theme'

const read = (): Theme => {
  const found = localStorage.getItem(KEY)
  return found === 'light' || found === 'dark' ? found : 'system'
}

export const theme = $state({ chosen: 'system' as Theme })

export function wear(chosen: Theme = read()) {
  theme.chosen = chosen
  if (chosen === 'system') {
    delete document.documentElement.dataset.theme
    localStorage.removeItem(KEY)
  } else {
    document.documentElement.dataset.theme = chosen
    localStorage.setItem(KEY, chosen)
  }
}
