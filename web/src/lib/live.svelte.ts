/** The tab's live connection, as screens use it: operate, listen, who is here, saved or not. */
import { Connection, type Asked, type Frame, type Place, type Presence, type State, type Told } from './connection'
import { Outbox, type Operation } from './outbox'
import { toast } from './toasts.svelte'

export { Refused, type Ack, type Asked, type LiveEvent, type Place, type Presence, type Told } from './connection'
export type { Operation } from './outbox'

/**
 * state: `live`, `connecting`, `offline`, or `out` (signed out).
 * pending: operations that the server hasn't acknowledged; safe: they survive the tab.
 * here: who is where, by topic. stale: the server serves a newer page than this one.
 */
export const live = $state({
  state: 'connecting' as State,
  pending: 0,
  safe: true,
  you: '',
  here: {} as Record<string, Presence[]>,
  stale: false,
})

let connection: Connection | null = null
let early: (() => void)[] = [] // what was asked for before the session was known
let build = ''

/** Open the line for a person of a project; called once by the shell. `lost`: ask whether the session still holds. */
export function connect(project: string, person: string, lost: () => void) {
  connection?.stop()
  live.you = person
  const outbox: Outbox = new Outbox(localStorage, [project, person], navigator.locks, () => settle(outbox))
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  connection = new Connection(`${scheme}://${location.host}/api/live`, outbox, {
    state: (state) => {
      live.state = state
      if (state !== 'live') live.here = {}
    },
    ready,
    presence: (topic, who) => {
      live.here = { ...live.here, [topic]: who }
    },
    bye: (why) => toast(why || 'the server closed the connection', { tone: 'bad' }),
    refused: (operation, why) => {
      why.said = true
      toast(operation ? `${why.message}; it was taken back` : why.message, { tone: 'bad', remedy: why.remedy })
    },
    failed: lost,
  })
  outbox.adopt()
  settle(outbox)
  connection.start()
  for (const one of early) one()
  early = []
}

/** Close the line; what is pending stays kept. */
export function disconnect() {
  connection?.stop()
  connection = null
}

/**
 * Ask for an operation; resolves once it is safe on the server's disk, rejects with `Refused`. It is kept over a break and
 * a closed tab. A refusal is worded for the person here; `quiet` leaves that to whoever asks.
 */
export function operate(kind: string, topic: string, body: Record<string, unknown>, rev: number | null = null, more?: { quiet?: boolean }): Asked {
  if (!connection) throw new Error('nobody is signed in')
  return connection.operate(kind, topic, body, rev, more)
}

/** Be told of a topic's events; call the answer to stop (in `$effect`). `resync`: some were missed, fetch again. */
export function listen(topic: string, told: Told, resync?: () => void, since?: number): () => void {
  if (connection) return connection.listen(topic, told, resync, since)
  let stop: (() => void) | undefined
  let over = false
  early.push(() => !over && (stop = connection!.listen(topic, told, resync, since)))
  return () => {
    over = true
    stop?.()
  }
}

/** Say where this person is, `{ example, range? }` or `{ topic }`; `{}` is nowhere. Never stored. */
export const seen = (at: Place) => connection?.seen(at)

/** What this person did on a topic and the server hasn't acknowledged, such as from before a reload. */
export const kept = (topic?: string): Operation[] => connection?.outbox.everywhere(topic) ?? []

/** Try to reach the server now. */
export const retry = () => connection?.retry()

if (typeof window !== 'undefined') {
  window.addEventListener('online', retry)
  window.addEventListener('storage', () => connection?.outbox.locks && connection.outbox.adopt())
}

function settle(outbox: Outbox) {
  live.pending = outbox.size
  live.safe = outbox.safe
  if (connection?.outbox === outbox) queueMicrotask(connection.flush)
}

function ready(frame: Frame) {
  const now = String(frame.build ?? '')
  if (build && now !== build) live.stale = true
  build ||= now
}
