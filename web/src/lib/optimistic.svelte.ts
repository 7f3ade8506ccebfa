/**
 * What a person sees = what the server confirmed + what they did since, replayed. A refusal is then one thing less to replay.
 *
 *   const spans = new Replica<Span[], SpanChange>([], (spans, change) => …)   // `apply` returns a new state, changes none
 *   spans.reset(await get(…))                                                  // confirmed anew; what is pending stays
 *   spans.perform(operate('span.put', topic, body), { put: span })             // shown at once
 *   listen(topic, (event) => spans.told(event.op, changeOf(event)))            // others', and the echo of one's own
 *   spans.view                                                                 // reactive
 *
 * An operation's own echo and its ack may come in either order: it is applied once.
 */
import type { Ack } from './connection'

type Pending<Change> = { op: string; change: Change }
const REMEMBERED = 1000 // names of operations applied: their second word comes within seconds

export class Replica<State, Change> {
  #confirmed = $state.raw() as State
  #pending = $state.raw<Pending<Change>[]>([])
  #applied = new Set<string>()
  #view = $derived(this.#pending.reduce((state, one) => this.apply(state, one.change), this.#confirmed))

  constructor(
    confirmed: State,
    readonly apply: (state: State, change: Change) => State,
  ) {
    this.#confirmed = confirmed
  }

  get view(): State {
    return this.#view
  }
  get confirmed(): State {
    return this.#confirmed
  }
  /** How many changes the server hasn't confirmed. */
  get pending(): number {
    return this.#pending.length
  }

  /** The server's state, asked for anew. */
  reset(confirmed: State) {
    this.#confirmed = confirmed
  }

  /** Show a change at once; keep it when it is acknowledged, take it back when it is refused. */
  perform(asked: Promise<Ack> & { op: string }, change: Change): Promise<Ack> & { op: string } {
    this.begin(asked.op, change)
    asked.then(
      () => this.acked(asked.op),
      () => this.refused(asked.op),
    )
    return asked
  }

  /** The parts of `perform`; of use for what an earlier tab left in the outbox. */
  begin(op: string, change: Change) {
    if (!this.#applied.has(op)) this.#pending = [...this.#pending, { op, change }]
  }
  acked(op: string) {
    const one = this.#pending.find((pending) => pending.op === op)
    if (one) this.told(op, one.change)
  }
  refused(op: string) {
    this.#pending = this.#pending.filter((pending) => pending.op !== op)
  }

  /** The server says that this happened. */
  told(op: string | undefined, change: Change) {
    if (op !== undefined) {
      if (this.#applied.has(op)) return
      this.#applied.add(op)
      if (this.#applied.size > REMEMBERED) this.#applied.delete(this.#applied.values().next().value!)
      this.#pending = this.#pending.filter((pending) => pending.op !== op)
    }
    this.#confirmed = this.apply(this.#confirmed, change)
  }
}
