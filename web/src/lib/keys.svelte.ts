/** Which key does what: one registry, from which the help (?) is drawn too. */

export type Key = { key: string; does: string; run: (event: KeyboardEvent) => void; when?: () => boolean; group?: string }

const layers = $state<Key[][]>([])

/** Bind keys while a screen or a dialog is shown; the newest layer wins. Call the answer to unbind (in `$effect`). */
export function bind(keys: Key[]): () => void {
  layers.push(keys)
  return () => {
    const at = layers.indexOf(keys)
    if (at >= 0) layers.splice(at, 1)
  }
}

/** All that is bound now, newest layer first. */
export const bound = () => [...layers].reverse().flat()

/** `cmd+k`, `shift+arrowleft`, `a`, `space`, `?`: how a key event is written in the registry. */
export function named(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'space' : event.key.toLowerCase()
  const shift = event.shiftKey && key.length > 1 ? 'shift+' : ''
  return `${event.metaKey || event.ctrlKey ? 'cmd+' : ''}${event.altKey ? 'alt+' : ''}${shift}${key}`
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

let prefix = ''

/** Send a key to whoever bound it. Sequences such as `g b` are written with a space. */
export function press(event: KeyboardEvent) {
  const name = named(event)
  if (typing(event.target) && !name.startsWith('cmd+') && name !== 'escape') return
  const whole = prefix ? `${prefix} ${name}` : name
  prefix = ''
  for (const layer of [...layers].reverse())
    for (const one of layer)
      if (one.key === whole && (one.when?.() ?? true)) {
        event.preventDefault()
        one.run(event)
        return
      }
  if (layers.flat().some((one) => one.key.startsWith(`${name} `))) prefix = name
}
