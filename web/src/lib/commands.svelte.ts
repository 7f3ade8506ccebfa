/** What can be done by name from ⌘K: screens offer commands while they are shown. */

import { untrack } from 'svelte'

export type Command = { name: string; run: () => void; key?: string; group?: string }

let offered = $state.raw<Command[][]>([])

/** Offer commands while a screen is shown; call the answer to withdraw them (in `$effect`). */
export function offer(commands: Command[]): () => void {
  offered = [commands, ...untrack(() => offered)]
  return () => void (offered = offered.filter((other) => other !== commands))
}

/** All that is offered now, the newest first. */
export const commands = () => offered.flat()
