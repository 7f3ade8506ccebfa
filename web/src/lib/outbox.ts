/**
 * What a person did and the server hasn't acknowledged: kept in the browser, so that a closed tab or a dead server lose nothing.
 *
 * One entry of localStorage an operation, under project, person and tab. A tab holds a lock of its name while it lives;
 * whoever gets that lock later takes over what the tab left. Where there are no locks (plain http), what other tabs keep
 * is taken at once: an operation sent twice is done once, because the server knows it by its name.
 */
import { uuid } from './ids'

export type Operation = { op: string; topic: string; kind: string; body: Record<string, unknown>; rev?: number | null }
/** ms: what a tab wrote before it went reaches the others a little later; all of it must, for it to stay in order. */
const SETTLE = 250
type Locks = Pick<LockManager, 'request'>

export class Outbox {
  readonly tab = uuid()
  #prefix: string
  #next = 0
  #entries = new Map<string, { key: string; operation: Operation }>() // by op, in the order they were done
  #watched = new Set<string>()
  /** False once the browser refused to keep something (storage full or forbidden): it then lives only in this tab. */
  safe = true

  constructor(
    readonly storage: Storage,
    owner: string[],
    readonly locks: Locks | undefined = undefined,
    readonly changed: () => void = () => {},
  ) {
    this.#prefix = ['adequate', 'outbox', ...owner.map(encodeURIComponent)].join('|') + '|'
    void locks?.request(this.#lock(this.tab), () => new Promise(() => {})) // until this tab is gone
  }

  get size() {
    return this.#entries.size
  }

  /** All that waits, in order; of one topic only, if it is named. */
  all(topic?: string): Operation[] {
    const every = [...this.#entries.values()].map((entry) => entry.operation)
    return topic === undefined ? every : every.filter((operation) => operation.topic === topic)
  }

  /** The same with what other tabs of this person keep. */
  everywhere(topic?: string): Operation[] {
    const kept = this.#keys(this.#prefix).map((key) => read(this.storage.getItem(key) ?? ''))
    const others = kept.filter((one): one is Operation => one !== null && !this.has(one.op))
    return [...others.filter((one) => topic === undefined || one.topic === topic), ...this.all(topic)]
  }

  has = (op: string) => this.#entries.has(op)

  add(operation: Operation) {
    const key = `${this.#prefix}${this.tab}|${String(this.#next++).padStart(8, '0')}`
    this.#entries.set(operation.op, { key, operation })
    try {
      this.storage.setItem(key, JSON.stringify(operation))
    } catch {
      this.safe = false
    }
    this.changed()
  }

  /** Acknowledged or refused: it needn't be kept. */
  settle(op: string): boolean {
    const entry = this.#entries.get(op)
    if (!entry) return false
    this.#entries.delete(op)
    this.storage.removeItem(entry.key)
    this.changed()
    return true
  }

  /** Take over what tabs left that are gone; of living ones, once they go. */
  adopt() {
    for (const tab of this.#others()) {
      if (this.#watched.has(tab)) continue
      this.#watched.add(tab)
      if (!this.locks) this.#take(tab)
      else void this.locks.request(this.#lock(tab), async () => {
        await new Promise((done) => setTimeout(done, SETTLE))
        this.#take(tab)
      })
    }
  }

  #take(tab: string) {
    this.#watched.delete(tab)
    for (const key of this.#keys(`${this.#prefix}${tab}|`)) {
      const text = this.storage.getItem(key)
      this.storage.removeItem(key)
      const operation = text && read(text)
      if (operation && !this.has(operation.op)) this.add(operation)
    }
  }

  #others(): string[] {
    const tabs = this.#keys(this.#prefix).map((key) => key.slice(this.#prefix.length).split('|')[0])
    return [...new Set(tabs)].filter((tab) => tab !== this.tab)
  }

  #keys(prefix: string): string[] {
    const all = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at) ?? '')
    return all.filter((key) => key.startsWith(prefix)).sort()
  }

  #lock = (tab: string) => `${this.#prefix}${tab}`
}

/** What somebody else wrote into our storage isn't an operation. */
function read(text: string): Operation | null {
  try {
    const found = JSON.parse(text) as Operation
    return typeof found.op === 'string' && typeof found.kind === 'string' && typeof found.topic === 'string' ? found : null
  } catch {
    return null
  }
}
