/** Short notes at the foot of the page: what was done, with one way to undo it, or why something was refused. */

export type Tone = 'plain' | 'good' | 'bad'
export type Toast = { id: number; text: string; tone: Tone; remedy?: string; undo?: () => void; action?: string }

export const toasts = $state<Toast[]>([])
let last = 0

/** Say something. With `undo` it stays 10 s and offers that; a refusal stays 8 s, anything else 4. */
export function toast(text: string, more: Partial<Omit<Toast, 'id' | 'text'>> & { seconds?: number } = {}): () => void {
  const { seconds, ...rest } = more
  const one: Toast = { id: ++last, text, tone: 'plain', ...rest }
  toasts.push(one)
  if (toasts.length > 4) toasts.shift()
  const gone = () => {
    const at = toasts.findIndex((other) => other.id === one.id)
    if (at >= 0) toasts.splice(at, 1)
  }
  setTimeout(gone, 1000 * (seconds ?? (one.undo ? 10 : one.tone === 'bad' ? 8 : 4)))
  return gone
}

/** Say why something went wrong, as the server worded it. */
export function complain(error: unknown) {
  if (error instanceof DOMException && error.name === 'AbortError') return
  const said = error as { message?: string; remedy?: string; said?: boolean }
  if (said.said) return
  toast(said.message ?? String(error), { tone: 'bad', remedy: said.remedy || undefined })
}
