/** Which key does what: one registry, from which the help (?) is drawn too. */

export type Key = { key: string; does: string; run: (event: KeyboardEvent) => void; when?: () => boolean; group?: string }
type Layer = { keys: Key[]; alone: boolean }

// An effect that ends reads state as it was before the change that ends it: what counts is kept beside it.
let all: Layer[] = []
let layers = $state.raw(all)

/**
 * Bind keys while a screen or a dialog is shown; the newest layer wins. Call the answer to unbind (in `$effect`).
 * A layer that is `alone` (a dialog's) keeps keys from all that were bound before it.
 */
export function bind(keys: Key[], { alone = false } = {}): () => void {
  const layer = { keys, alone }
  layers = all = [layer, ...all] // whoever binds in an effect doesn't depend on what others bind
  return () => void (layers = all = all.filter((other) => other !== layer))
}

/** The layers that hear keys now, newest first. */
function heard(): Layer[] {
  const last = all.findIndex((layer) => layer.alone)
  return last < 0 ? all : all.slice(0, last + 1)
}

/** All that is bound now, newest layer first, dialogs' own aside; a key that a newer layer took is left out. */
export function bound(): Key[] {
  const taken = new Set<string>()
  const every: Key[] = []
  for (const { keys, alone } of layers) {
    if (alone) continue
    const mine = keys.filter((one) => !taken.has(one.key))
    every.push(...mine)
    for (const one of mine) taken.add(one.key)
  }
  return every
}

/** `cmd+k`, `shift+arrowleft`, `a`, `space`, `?`: how a key event is written in the registry. */
export function named(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'space' : event.key.toLowerCase()
  const shift = event.shiftKey && key.length > 1 ? 'shift+' : ''
  return `${event.metaKey || event.ctrlKey ? 'cmd+' : ''}${event.altKey ? 'alt+' : ''}${shift}${key}`
}

/** A name as it stands on the keyboard: `cmd+k` -> `⌘K` or `Ctrl K`. */
export function shown(key: string, mac = /Mac|iP/.test(navigator.platform)): string[] {
  const words: Record<string, string> = {
    cmd: mac ? '⌘' : 'Ctrl', alt: mac ? '⌥' : 'Alt', shift: '⇧', space: 'space', backspace: '⌫', enter: '↵', escape: 'esc',
    arrowleft: '←', arrowright: '→', arrowup: '↑', arrowdown: '↓',
  }
  return key.split(/[ +](?=.)/).map((part) => words[part] ?? part)
}

const NOT_TEXT = /^(checkbox|radio|range|button|submit|reset|file|color)$/
const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
    (target.tagName === 'INPUT' && !NOT_TEXT.test((target as HTMLInputElement).type)))

/** Space and enter on a button, link or box are its own, whatever is bound. */
const presses = (target: EventTarget | null, name: string) =>
  target instanceof HTMLElement &&
  ((name === 'space' && target.matches('button,summary,input,[role=menuitem],[role=tab]')) ||
    (name === 'enter' && target.matches('button:not([data-row]),summary')))

let prefix = ''
let forget: ReturnType<typeof setTimeout> | undefined

/** Send a key to whoever bound it. Sequences such as `g b` are written with a space, and have a second and a half. */
export function press(event: KeyboardEvent) {
  if (event.defaultPrevented || event.isComposing || /^(Shift|Control|Alt|Meta)$/.test(event.key)) return
  const name = named(event)
  if (typing(event.target) && !name.startsWith('cmd+') && name !== 'escape') return
  if (presses(event.target, name)) return
  const whole = prefix ? `${prefix} ${name}` : name
  prefix = ''
  clearTimeout(forget)
  const able = heard()
  for (const { keys } of able)
    for (const one of keys)
      if (one.key === whole && (one.when?.() ?? true)) {
        event.preventDefault()
        one.run(event)
        return
      }
  if (able.some(({ keys }) => keys.some((one) => one.key.startsWith(`${name} `)))) {
    prefix = name
    forget = setTimeout(() => (prefix = ''), 1500)
  }
}

export type Line = { keys: string[]; does: string }

/** Keys as the help lists them, by group; one that says nothing is another way to do what the one before it does. */
export function grouped(all: Key[]): [string, Line[]][] {
  const found = new Map<string, Line[]>()
  let before: Line | undefined
  for (const one of all) {
    if (one.does === '' && before) {
      before.keys.push(one.key)
      continue
    }
    before = { keys: [one.key], does: one.does }
    const group = one.group ?? 'this screen'
    found.set(group, [...(found.get(group) ?? []), before])
  }
  const last = (name: string) => (name === 'go to' ? 1 : name === 'everywhere' ? 2 : 0)
  return [...found].sort(([a], [b]) => last(a) - last(b))
}
