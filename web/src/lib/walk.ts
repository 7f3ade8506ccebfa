/** Every list walks by j, k and enter: `<ul use:walk>` with rows marked `data-row`. */
import { bind } from './keys.svelte'

export type Walk = {
  /** Open a row; without it, the row's first link or button is pressed. */
  open?: (index: number, row: HTMLElement) => void
  /** Told which row is current, such as to show it beside the list. */
  moved?: (index: number, row: HTMLElement) => void
  group?: string
}

/** The row to go to: stays within the list, and starts at its ends. */
export const next = (current: number, step: number, rows: number) =>
  rows === 0 ? -1 : current < 0 ? (step > 0 ? 0 : rows - 1) : Math.max(0, Math.min(rows - 1, current + step))

export function walk(list: HTMLElement, given: Walk | undefined = {}) {
  let options: Walk = given ?? {}
  const rows = () => [...list.querySelectorAll<HTMLElement>('[data-row]')]
  const current = (all: HTMLElement[]) => all.findIndex((row) => row.hasAttribute('data-current'))

  function mark(index: number) {
    const all = rows()
    for (const row of all) row.removeAttribute('data-current')
    const row = all[index]
    if (!row) return
    row.setAttribute('data-current', '')
    row.scrollIntoView({ block: 'nearest' })
    const target = row.matches('a,button,[tabindex]') ? row : row.querySelector<HTMLElement>('a,button,[tabindex]')
    target?.focus({ preventScroll: true })
    options.moved?.(index, row)
  }
  function open() {
    const all = rows()
    const index = current(all)
    const row = all[index]
    if (!row) return
    if (options.open) options.open(index, row)
    else (row.matches('a,button') ? row : row.querySelector<HTMLElement>('a,button'))?.click()
  }
  const step = (by: number) => () => mark(next(current(rows()), by, rows().length))
  const entered = (event: FocusEvent) => {
    const row = (event.target as Element).closest('[data-row]')
    if (!row || row.hasAttribute('data-current')) return
    for (const one of rows()) one.toggleAttribute('data-current', one === row)
  }
  const some = () => rows().length > 0
  const group = options.group ?? 'list'
  const unbind = bind([
    { key: 'j', does: 'next row', group, run: step(1), when: some },
    { key: 'k', does: 'row before', group, run: step(-1), when: some },
    { key: 'enter', does: 'open the row', group, run: open, when: () => focusIsFree(list) && current(rows()) >= 0 },
  ])
  list.addEventListener('focusin', entered)
  return {
    update: (given: Walk | undefined) => void (options = given ?? {}),
    destroy() {
      unbind()
      list.removeEventListener('focusin', entered)
    },
  }
}

/** Enter on a button or a link elsewhere is that button's own. */
const focusIsFree = (list: HTMLElement) => {
  const at = document.activeElement
  return !at || at === document.body || (list.contains(at) && !at.matches('button:not([data-row])'))
}
