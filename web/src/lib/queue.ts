/**
 * What lies ahead of a labeller: the browser leases items before they are needed, so that the next one is there in the
 * same frame, and twenty-five of them without a server. What was answered never comes again, though the server may not
 * know yet that it was. Where little waits for many people, each has their share ahead of them and no more.
 */

export const AHEAD = 30
export const STEP = 5 // as many are gone before more are asked for

/** How many items one of several people may have ahead of them. */
export const share = (waiting: number | undefined, people: number): number =>
  waiting === undefined ? AHEAD : Math.max(STEP, Math.min(AHEAD, Math.floor(waiting / Math.max(people, 1))))

export type Has = { id: number }

export class Ahead<Item extends Has> {
  items: Item[] = []
  /** Nothing waits for this person beyond what is here. */
  dry = false
  error: unknown
  #gone = new Set<number>()
  #asking: Promise<void> | null = null
  #closed = false

  constructor(
    readonly ask: (n: number) => Promise<Item[]>,
    readonly changed: () => void,
    readonly ahead: () => number = () => AHEAD,
  ) {}

  get current(): Item | undefined {
    return this.items[0]
  }
  get ids(): number[] {
    return this.items.map((item) => item.id)
  }

  /** Done with an item: the next one is current at once. */
  take(id: number) {
    this.#gone.add(id)
    this.items = this.items.filter((item) => item.id !== id)
    if (this.items.length <= Math.max(this.ahead() - STEP, STEP - 1) && !this.dry) void this.fill()
    this.changed()
  }

  /** Answered before this page was opened; the server will know soon. */
  without(ids: number[]) {
    for (const id of ids) this.#gone.add(id)
  }

  /** Back before all others. */
  back(item: Item) {
    this.#gone.delete(item.id)
    this.items = [item, ...this.items.filter((other) => other.id !== item.id)]
    this.dry = false
    this.changed()
  }

  /** Somebody came to a queue with little in it: what is beyond one's share, to be given back; never the current one. */
  spare(): Item[] {
    const beyond = this.items.slice(Math.max(this.ahead(), 1))
    if (!beyond.length) return beyond
    this.items = this.items.slice(0, -beyond.length)
    this.dry = false
    this.changed()
    return beyond
  }

  /** Ask for more; what is here keeps its place, above all what is under the cursor. */
  fill(): Promise<void> {
    this.#asking ??= this.#fill().finally(() => (this.#asking = null))
    return this.#asking
  }

  async #fill() {
    try {
      // Those answered a moment ago may come once more: ask for as many again.
      const n = this.ahead()
      const found = await this.ask(n)
      if (this.#closed) return
      this.error = undefined
      const here = new Set(this.ids)
      const fresh = found.filter((item) => !here.has(item.id) && !this.#gone.has(item.id))
      this.dry = found.length < n
      this.items = [...this.items, ...fresh]
    } catch (error) {
      this.error = error
    }
    this.changed()
  }

  close() {
    this.#closed = true
  }
}
