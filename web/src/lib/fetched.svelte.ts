/** A view of the server's answer to a GET, for a screen: what it was stays shown while it is asked again. */
import { get } from './api'

/**
 * `const board = fetched<Board>(() => '/board')`, then `board.data`, `board.error`, `board.loading`, `board.again()`.
 * The path is reactive; `null` asks for nothing. Call it while a component is being set up.
 */
export function fetched<T>(path: () => string | null, { keep = true }: { keep?: boolean } = {}) {
  const view = $state<{ data: T | undefined; error: unknown; loading: boolean }>({ data: undefined, error: undefined, loading: true })
  let asked: AbortController | undefined
  let shown: string | null = null

  async function ask(of: string | null) {
    asked?.abort()
    if (of === null) {
      view.data = undefined
      view.loading = false
      return
    }
    const mine = (asked = new AbortController())
    if (!keep && of !== shown) view.data = undefined
    view.loading = true
    try {
      const data = await get<T>(of, mine.signal)
      if (asked !== mine) return
      shown = of
      view.data = data
      view.error = undefined
    } catch (error) {
      if (asked !== mine || mine.signal.aborted) return
      view.error = error
    }
    view.loading = false
  }
  $effect(() => {
    void ask(path())
    return () => asked?.abort()
  })
  return {
    get data() { return view.data },
    set data(value: T | undefined) { view.data = value },
    get error() { return view.error },
    /** True also while it is asked again; `data` then holds what was. */
    get loading() { return view.loading },
    again: () => ask(path()),
  }
}
