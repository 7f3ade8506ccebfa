/** One labeller at one queue: what is before them, what they said, and how to take it back. */
import { get, post } from './api'
import type { Conflict, Item, Task, Value } from './label'
import { counts } from './counts.svelte'
import { kept, live, operate, Refused, type Asked } from './live.svelte'
import { Ahead, share } from './queue'
import { complain } from './toasts.svelte'

export type Answered = { op: string; item: Item; value: Value; skipped: boolean; at: number; state: 'saving' | 'saved' }
export type Clash = { item: Item; mine: Value; current: Conflict }

const KEPT = 200 // answers that can be undone; ten are shown
const BEAT = 30_000

export class Sitting {
  items = $state.raw<Item[]>([])
  answered = $state.raw<Answered[]>([])
  /** Answers of this sitting that stand. */
  count = $state(0)
  loading = $state(true)
  dry = $state(false)
  error = $state.raw<unknown>(undefined)
  clash = $state.raw<Clash | null>(null)
  /** An answer of before that is being changed, or an example that was opened by its address. */
  opened = $state.raw<Item | null>(null)
  guide = $state<number | null>(null)
  readonly begun = Date.now()
  #ahead: Ahead<Item>
  #beat: ReturnType<typeof setInterval>
  #until = 0
  #texts = new Map<string, Promise<void>>()

  /** `cell`: only the questions that are for it. */
  constructor(
    readonly task: Task,
    readonly cell = '',
  ) {
    const path = `/queues/${encodeURIComponent(task.task)}/next`
    const only = cell ? `&cell=${encodeURIComponent(cell)}` : ''
    this.#ahead = new Ahead<Item>(
      async (n) => {
        const found = await post<{ items: Item[]; until: number }>(`${path}?n=${n}${only}`)
        this.#until = found.until
        return found.items
      },
      () => this.#changed(),
      () => share(cell ? task.cells.find((one) => one.cell === cell)?.waiting : counts.waiting[task.task], this.people),
    )
    this.#ahead.without(kept().flatMap(({ body }) => (typeof body.item === 'number' ? [body.item] : [])))
    void this.again()
    this.#beat = setInterval(() => this.hold(), BEAT)
  }

  get current(): Item | undefined {
    return this.opened ?? this.items[0]
  }
  /** People at this queue, as far as one may know. */
  get people(): number {
    return Math.max(1, live.here[`queue:${this.task.task}`]?.length ?? 1)
  }
  /** Seconds an answer, of this sitting. */
  get pace(): number | null {
    const times = this.answered.map((one) => one.at)
    const pauses = times.slice(1).map((at, k) => times[k] - at).filter((pause) => pause < 120_000).sort((a, b) => a - b)
    return pauses.length > 1 ? pauses[pauses.length >> 1] / 1000 : this.task.pace
  }
  /** Labels used lately, the latest first. */
  get recent(): string[] {
    return [...new Set(this.answered.flatMap((one) => (typeof one.value === 'string' ? [one.value] : [])))]
  }

  async again() {
    await this.#ahead.fill()
    this.loading = false
  }

  hold() {
    if (this.items.length) void post<{ until: number }>('/queues/hold', { items: this.#ahead.ids }).then(({ until }) => (this.#until = until), () => {})
  }

  /** Somebody came: what is beyond one's share is theirs. */
  crowd() {
    this.#free(this.#ahead.spare())
  }

  /** The page goes: what is held is free at once. */
  leave() {
    clearInterval(this.#beat)
    this.#ahead.close()
    this.#free(this.#ahead.items)
  }

  #free(items: Item[]) {
    if (!items.length) return
    const body = JSON.stringify({ items: items.map((one) => one.id), until: this.#until })
    navigator.sendBeacon('/api/queues/give-back', new Blob([body], { type: 'application/json' }))
  }

  answer(value: Value, { fresh = false } = {}) {
    const item = this.current
    if (!item) return
    const body: Record<string, unknown> = { value, guide: this.guide, saw: item.suggestion ?? null }
    if (fresh) body.new = true
    this.#say(item, value, body)
  }

  skip() {
    const item = this.current
    if (!item || !item.id || this.opened) return this.close()
    this.#keep(operate('answer.skip', `example:${item.example}`, { item: item.id }, null, { quiet: true }), item, null, true)
    this.#ahead.take(item.id)
  }

  /** Take back the last thing said here, and ask it again. */
  undo() {
    const [last, ...rest] = this.answered
    if (!last) return
    this.answered = rest
    if (!last.skipped) this.count--
    this.opened = null
    operate('answer.undo', `example:${last.item.example}`, { of: last.op }, null, { quiet: true }).then(
      (ack) => (last.item = { ...last.item, rev: ack.rev }),
      complain,
    )
    if (last.item.id) this.#ahead.back(last.item)
    else this.opened = last.item
  }

  /** Change an answer of before: it comes back with what was said. */
  change(one: Answered) {
    this.opened = { ...one.item, value: one.value }
  }
  open(item: Item) {
    this.opened = item
  }
  close() {
    this.opened = null
  }

  /** After a conflict: what the other said holds, or what this person says. */
  keep(whose: 'theirs' | 'mine') {
    const clash = this.clash
    this.clash = null
    if (!clash || whose === 'theirs') return
    this.#say({ ...clash.item, rev: clash.current.seq }, clash.mine, { value: clash.mine, guide: this.guide })
  }

  #say(item: Item, value: Value, body: Record<string, unknown>) {
    const topic = `example:${item.example}`
    const asked = item.id
      ? operate('answer.submit', topic, { ...body, item: item.id }, item.rev, { quiet: true })
      : operate('label.set', topic, { ...body, task: this.task.task, example: item.example }, item.rev, { quiet: true })
    this.#keep(asked, item, value, false)
    if (this.opened) this.opened = null
    if (item.id) this.#ahead.take(item.id)
  }

  #keep(asked: Asked, item: Item, value: Value, skipped: boolean) {
    const again = this.answered.find((one) => one.item.example === item.example && !one.skipped)
    const one: Answered = { op: asked.op, item, value, skipped, at: Date.now(), state: 'saving' }
    this.answered = [one, ...this.answered.filter((other) => other !== again)].slice(0, KEPT)
    if (!skipped && !again) this.count++
    const settled = (now: Answered | null) =>
      (this.answered = this.answered.flatMap((other) => (other.op !== one.op ? [other] : now ? [now] : [])))
    asked.then(
      (ack) => settled({ ...one, state: 'saved', item: { ...item, rev: ack.rev } }),
      (why: Refused) => {
        settled(null)
        if (!skipped && !again) this.count--
        const current = why.current as Conflict | null | undefined
        if (current) this.clash = { item, mine: value, current }
        else {
          complain(why)
          if (item.id) this.#ahead.back(item)
        }
      },
    )
  }

  #changed() {
    this.items = this.#ahead.items
    this.dry = this.#ahead.dry
    this.error = this.#ahead.error
    for (const item of this.items) if (item.text === null) this.#text(item)
  }

  /** A long text isn't with its question: it is fetched while others are answered. */
  #text(item: Item) {
    if (this.#texts.has(item.example)) return
    const asked = get<{ text: string }>(`/texts/${encodeURIComponent(item.example)}`).then(
      ({ text }) => {
        for (const one of this.#ahead.items) if (one.example === item.example) one.text = text
        this.items = this.#ahead.items.map((one) => ({ ...one }))
        this.#ahead.items = this.items
      },
      (error: unknown) => {
        this.#texts.delete(item.example)
        this.error = error
      },
    )
    this.#texts.set(item.example, asked)
  }
}
