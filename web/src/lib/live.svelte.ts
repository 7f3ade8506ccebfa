/** One WebSocket a tab: operations go up and are acknowledged after their commit, events come down. */

export type Frame = { t: string; [key: string]: unknown }
export type LiveEvent = {
  seq: number
  topic: string
  by: string
  at: number
  kind: string
  body: Record<string, unknown>
}
export type Operation = { op: string; topic: string; kind: string; body: Record<string, unknown>; rev?: number | null }
export type Ack = { op: string; seq: number; rev: number }

export class Refused extends Error {
  constructor(
    message: string,
    readonly remedy: string,
    readonly current: unknown,
  ) {
    super(message)
  }
}

export const live = $state({ state: 'connecting' as 'connecting' | 'live' | 'offline', pending: 0, you: '' })

let socket: WebSocket | null = null
const listeners = new Map<string, Set<(event: LiveEvent) => void>>()
const waiting = new Map<string, { frame: Operation; done: (ack: Ack) => void; failed: (why: Refused) => void }>()

export function connect() {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  socket = new WebSocket(`${scheme}://${location.host}/api/live`)
  socket.onmessage = (message) => take(JSON.parse(message.data as string) as Frame)
  socket.onopen = () => {
    live.state = 'live'
    if (listeners.size) send({ t: 'sub', topics: [...listeners.keys()] })
    for (const { frame } of waiting.values()) send({ t: 'op', ...frame })
  }
  socket.onclose = () => {
    live.state = 'offline'
    setTimeout(connect, 300 + Math.random() * 700)
  }
}

function send(frame: Frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
}

function take(frame: Frame) {
  if (frame.t === 'ready') live.you = String(frame.you)
  else if (frame.t === 'ev') for (const told of listeners.get(String(frame.topic)) ?? []) told(frame as unknown as LiveEvent)
  else if (frame.t === 'ack' || frame.t === 'nack') {
    const one = waiting.get(String(frame.op))
    waiting.delete(String(frame.op))
    live.pending = waiting.size
    if (frame.t === 'ack') one?.done(frame as unknown as Ack)
    else one?.failed(new Refused(String(frame.why), String(frame.remedy ?? ''), frame.current))
  }
}

/** Ask for an operation; resolves once it is safe on the server's disk, rejects with `Refused`. */
export function operate(kind: string, topic: string, body: Record<string, unknown>, rev: number | null = null): Promise<Ack> {
  const frame: Operation = { op: crypto.randomUUID(), topic, kind, body, rev }
  return new Promise((done, failed) => {
    waiting.set(frame.op, { frame, done, failed })
    live.pending = waiting.size
    send({ t: 'op', ...frame })
  })
}

/** Be told of a topic's events; call the answer to stop. */
export function listen(topic: string, told: (event: LiveEvent) => void): () => void {
  if (!listeners.has(topic)) {
    listeners.set(topic, new Set())
    send({ t: 'sub', topics: [topic] })
  }
  listeners.get(topic)!.add(told)
  return () => {
    listeners.get(topic)?.delete(told)
    if (listeners.get(topic)?.size === 0) {
      listeners.delete(topic)
      send({ t: 'unsub', topics: [topic] })
    }
  }
}
