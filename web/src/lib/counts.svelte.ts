/** How much work waits, as the server tells it on the topic `board`. */
import { listen } from './live.svelte'

export const counts = $state({ waiting: {} as Record<string, number>, labels: {} as Record<string, number> })

export const waiting = () => Object.values(counts.waiting).reduce((sum, n) => sum + n, 0)

/** Follow them (in `$effect`). */
export const follow = () =>
  listen('board', (event) => {
    if (event.kind !== 'counts') return
    counts.waiting = (event.body.waiting as Record<string, number>) ?? {}
    counts.labels = (event.body.labels as Record<string, number>) ?? {}
  })
