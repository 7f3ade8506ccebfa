/** The title of the window: the object a screen shows, the screen, the project. */

const shown = $state({ object: '' })

/** Name the object that is shown, while it is (in `$effect`). */
export function titled(object: string): () => void {
  shown.object = object
  return () => void (shown.object === object && (shown.object = ''))
}

/** All parts that there are, the nearest first. */
export const title = (screen: string, project: string, waiting = 0) =>
  (waiting ? `(${waiting}) ` : '') + [shown.object, screen, project || 'adequate'].filter((part) => part !== '').join(' · ')
