/**
 * One WebSocket a tab: operations go up and are acknowledged after their commit, events come down.
 *
 * Nothing that was asked for is forgotten: it lies in the outbox until its ack or nack. After a break all of it is sent
 * again in order, topics are joined again from the last event that came, and whoever listens is told to look again
 * where the server can't say what was missed.
 */
import { uuid } from './ids'
import type { Operation, Outbox } from './outbox'

export type Frame = { t: string; [key: string]: unknown }
export type LiveEvent = {
  seq: number
  topic: string
  by: string
  at: number
  kind: string
  op?: string
  body: Record<string, unknown>
}
export type Ack = { op: string; seq: number; rev: number }
export type State = 'connecting' | 'live' | 'offline' | 'out'
export type Place = { topic?: string; example?: string; [key: string]: unknown }
export type Presence = { id: string; name: string; at: Place }

/** The server refused an operation; it was not done. `current`: how things are there. */
export class Refused extends Error {
  /** A person has been told already. */
  said = false
  constructor(
    message: string,
    readonly remedy: string,
    readonly current: unknown,
  ) {
    super(message)
  }
}

export type Told = (event: LiveEvent) => void
export type Asked = Promise<Ack> & { op: string }
type Listener = { told: Told; resync?: () => void }
type Waiting = { done: (ack: Ack) => void; failed: (why: Refused) => void; quiet: boolean }

export type Hooks = {
  state?: (state: State) => void
  ready?: (frame: Frame) => void
  presence?: (topic: string, who: Presence[]) => void
  bye?: (why: string) => void
  /** `why.said` is still false: nobody has worded it yet. */
  refused?: (operation: Operation | undefined, why: Refused) => void
  /** The socket never opened: is the session over, or the server away? */
  failed?: () => void
}

const WINDOW = 64 // operations in flight; the rest wait their turn
const LARGEST = 64_000 // bytes of an operation; more the server doesn't take
const FIRST = 300 // ms before the first try after a break; doubled up to LONGEST
const LONGEST = 5000
const BEAT = 20_000 // ms: the server says something at least that often
const SILENCE = 2.5 // beats without a word: the line is dead
const AGAIN = 1000 // ms before what the server couldn't do just now is asked again

export class Connection {
  state: State = 'connecting'
  #socket: WebSocket | null = null
  #listeners = new Map<string, Set<Listener>>()
  #since = new Map<string, number>()
  #waiting = new Map<string, Waiting>()
  #flying = new Set<string>()
  #tries = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #heard = 0
  #watch: ReturnType<typeof setInterval> | undefined
  #paused: ReturnType<typeof setTimeout> | undefined
  #seen: { at: Place; timer?: ReturnType<typeof setTimeout> } = { at: {} }

  constructor(
    readonly url: string,
    readonly outbox: Outbox,
    readonly hooks: Hooks = {},
    readonly make: (url: string) => WebSocket = (url) => new WebSocket(url),
    readonly random: () => number = Math.random,
  ) {}

  start = () => {
    clearTimeout(this.#timer)
    if (this.#socket) return
    const socket = (this.#socket = this.make(this.url))
    let opened = false
    socket.onopen = () => {
      opened = true
      this.#heard = Date.now()
      if (this.#listeners.size) this.#join([...this.#listeners.keys()])
      this.flush()
    }
    socket.onmessage = (message) => this.#take(JSON.parse(message.data as string) as Frame)
    socket.onclose = (event) => {
      if (this.#socket !== socket) return
      this.#drop()
      if (this.state === 'out') return
      if (event.code === 4008) for (const topic of this.#listeners.keys()) this.#resync(topic)
      this.#enter('offline')
      if (!opened || event.code === 4401) this.hooks.failed?.()
      const wait = event.code === 4400 ? LONGEST : Math.min(LONGEST, FIRST * 2 ** this.#tries++)
      this.#timer = setTimeout(this.start, wait * (0.5 + 0.5 * this.random()))
    }
  }

  /** Leave for good: signed out, or the page goes. */
  stop() {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#drop()
    socket?.close()
    this.#enter('out')
  }

  /** Try at once: the browser says that it is online again, or a person asks. */
  retry() {
    if (this.state === 'out' || this.#socket) return
    this.#tries = 0
    this.start()
  }

  /** Ask for an operation; resolves once it is safe on the server's disk, rejects with `Refused`. */
  operate(kind: string, topic: string, body: Record<string, unknown>, rev: number | null = null, { quiet = false } = {}): Asked {
    const op = uuid()
    const operation: Operation = { op, topic, kind, body, rev }
    const asked = new Promise<Ack>((done, failed) => this.#waiting.set(op, { done, failed, quiet })) as Asked
    asked.op = op
    asked.catch(() => {}) // whoever doesn't ask needn't be told: `refused` words it
    const size = new TextEncoder().encode(JSON.stringify({ t: 'op', ...operation })).length
    if (size > LARGEST) this.#refuse(operation, new Refused(`this is too large: ${size} bytes of at most ${LARGEST}`, 'make it shorter', null))
    else {
      this.outbox.add(operation)
      this.flush()
    }
    return asked
  }

  /** Be told of a topic's events; call the answer to stop. `resync`: events were missed, look again. */
  listen(topic: string, told: Told, resync?: () => void, since?: number): () => void {
    const listener: Listener = { told, resync }
    if (since !== undefined) this.#since.set(topic, Math.max(since, this.#since.get(topic) ?? 0))
    const already = this.#listeners.get(topic)
    if (already) already.add(listener)
    else {
      this.#listeners.set(topic, new Set([listener]))
      this.#join([topic])
    }
    return () => {
      const mine = this.#listeners.get(topic)
      mine?.delete(listener)
      if (mine?.size) return
      this.#listeners.delete(topic)
      this.#since.delete(topic)
      this.#send({ t: 'unsub', topics: [topic] })
    }
  }

  /** Say where this person is, `{}` for nowhere; never stored, at most ten a second, the last one wins. */
  seen(at: Place) {
    this.#seen.at = at
    if (this.#seen.timer !== undefined) return
    this.#send({ t: 'seen', at })
    this.#seen.timer = setTimeout(() => {
      this.#seen.timer = undefined
      if (this.#seen.at !== at) this.seen(this.#seen.at)
    }, 100)
  }

  /** Send what waits and isn't under way, in order. */
  flush = () => {
    if (this.#socket?.readyState !== 1) return
    if (this.#paused !== undefined) return
    for (const operation of this.outbox.all()) {
      if (this.#flying.size >= WINDOW) return
      if (this.#flying.has(operation.op)) continue
      this.#flying.add(operation.op)
      this.#send({ t: 'op', ...operation })
    }
  }

  #take(frame: Frame) {
    this.#heard = Date.now()
    switch (frame.t) {
      case 'ready':
        this.#tries = 0
        this.#keepBeat()
        this.#enter('live')
        return this.hooks.ready?.(frame)
      case 'subbed': // all up to there was sent, or wasn't asked for
        for (const topic of frame.topics as string[])
          if (this.#listeners.has(topic)) this.#since.set(topic, Math.max(Number(frame.seq), this.#since.get(topic) ?? 0))
        return
      case 'ping':
        return this.#send({ t: 'pong' })
      case 'ev':
        return this.#tell(frame as unknown as LiveEvent)
      case 'ack':
        return this.#acked(frame as unknown as Ack)
      case 'nack':
        return this.#nacked(frame)
      case 'presence':
        return this.hooks.presence?.(String(frame.topic), frame.who as Presence[])
      case 'resync':
        return this.#resync(String(frame.topic))
      case 'bye':
        return this.hooks.bye?.(String(frame.why ?? ''))
    }
  }

  #tell(event: LiveEvent) {
    if (event.seq) {
      const last = this.#since.get(event.topic) ?? 0
      if (event.seq <= last) return // sent again after a break
      this.#since.set(event.topic, event.seq)
    }
    for (const listener of [...(this.#listeners.get(event.topic) ?? [])]) listener.told(event)
  }

  #acked(ack: Ack) {
    this.#flying.delete(ack.op)
    if (!this.outbox.settle(ack.op)) return
    this.#waiting.get(ack.op)?.done(ack)
    this.#waiting.delete(ack.op)
    this.flush()
  }

  #nacked(frame: Frame) {
    const op = String(frame.op)
    this.#flying.delete(op)
    if (frame.again) {
      // Not refused: it can't be done just now (too many at once, the disk full, the database away).
      this.#paused ??= setTimeout(() => {
        this.#paused = undefined
        this.flush()
      }, AGAIN)
      return
    }
    const operation = this.outbox.all().find((one) => one.op === op)
    if (!this.outbox.settle(op)) return
    this.#refuse(operation, new Refused(String(frame.why), String(frame.remedy ?? ''), frame.current))
    this.flush()
  }

  #refuse(operation: Operation | undefined, why: Refused) {
    const waiting = operation && this.#waiting.get(operation.op)
    if (operation) this.#waiting.delete(operation.op)
    if (!waiting?.quiet) this.hooks.refused?.(operation, why)
    waiting?.failed(why)
  }

  #resync(topic: string) {
    this.#since.delete(topic)
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener.resync?.()
  }

  #join(topics: string[]) {
    const since: Record<string, number> = {}
    for (const topic of topics) {
      const seq = this.#since.get(topic)
      if (seq !== undefined) since[topic] = seq
    }
    this.#send({ t: 'sub', topics, since })
  }

  #send(frame: Frame) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame))
  }

  #drop() {
    this.#socket = null
    this.#flying.clear()
    clearInterval(this.#watch)
    clearTimeout(this.#paused)
    this.#paused = undefined
  }

  #keepBeat() {
    const beat = () => {
      if (Date.now() - this.#heard > BEAT * SILENCE) this.#socket?.close()
      else if (Object.keys(this.#seen.at).length) this.#send({ t: 'seen', at: this.#seen.at }) // who is silent fades
    }
    clearInterval(this.#watch)
    beat()
    this.#watch = setInterval(beat, BEAT)
  }

  #enter(state: State) {
    if (this.state === state) return
    this.state = state
    this.hooks.state?.(state)
  }
}
