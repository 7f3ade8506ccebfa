/** How much work waits, as the server tells it on the topic `board`. */
import { listen } from './live.svelte'

/** `undecided`: models that weren't accepted and that nobody decided about, `alerts`: of production; as of the last look at the session. */
export const counts = $state({ waiting: {} as Record<string, number>, labels: {} as Record<string, number>, undecided: 0, alerts: 0 })

export const waiting = () => Object.values(counts.waiting).reduce((sum, n) => sum + n, 0)

/** Follow them (in `$effect`). */
export const follow = () =>
  listen('board', (event) => {
    if (event.kind === 'production') counts.alerts = Number(event.body.alerts) || 0
    if (event.kind !== 'counts') return
    const told = (event.body.waiting as Record<string, number>) ?? {}
    const untold = (event.body.untold as string[]) ?? []  // labelled blind: as of the last look at the session
    counts.waiting = { ...Object.fromEntries(untold.map((task) => [task, counts.waiting[task] ?? 0])), ...told }
    counts.labels = (event.body.labels as Record<string, number>) ?? {}
  })
