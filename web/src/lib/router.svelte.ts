/** Every object has a URL; a screen is the first part of its path. */

export const place = $state({ path: location.pathname, query: new URLSearchParams(location.search) })

function read() {
  place.path = location.pathname
  place.query = new URLSearchParams(location.search)
}

/** Go to a path of ours; `replace` leaves no step in the history, `stay` leaves the page where it was scrolled to. */
export function go(to: string, { replace = false, stay = false } = {}) {
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  read()
  if (!replace && !stay) window.scrollTo(0, 0)
}

/** The parts of the path, decoded: `/label/intent` is `['label', 'intent']`. */
export const parts = () =>
  place.path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)

/** A path from its parts, encoded. */
export const to = (...of: string[]) => '/' + of.map(encodeURIComponent).join('/')

/** Ordinary links to our own paths become steps inside the page. */
export function followLinks() {
  window.addEventListener('popstate', read)
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    const link = (event.target as Element | null)?.closest?.('a')
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (link.pathname.startsWith('/api/')) return
    event.preventDefault()
    go(link.pathname + link.search + link.hash, { stay: 'stay' in link.dataset })
  })
}
