/** Who is signed in, to which project; what they may do. */
import { get, del, ApiError } from './api'
import { connect, disconnect } from './live.svelte'

export type Role = 'viewer' | 'labeller' | 'reviewer' | 'engineer' | 'owner'
export type Can = 'look' | 'label' | 'review' | 'build' | 'own'
export type You = { id: string; name: string; role: Role }
export type Session = { person: You; project: string }

/** As `studio/roles.py`; the server decides, this only hides what would be refused. */
const ORDER: Role[] = ['viewer', 'labeller', 'reviewer', 'engineer', 'owner']
const LEAST: Record<Can, Role> = { look: 'viewer', label: 'labeller', review: 'reviewer', build: 'engineer', own: 'owner' }

export const session = $state({
  state: 'asking' as 'asking' | 'in' | 'out' | 'setup' | 'away',
  you: null as You | null,
  project: '',
  error: undefined as unknown,
})

/** Whether the person who is signed in may do this. */
export const may = (what: Can) => session.you !== null && ORDER.indexOf(session.you.role) >= ORDER.indexOf(LEAST[what])

/** Ask the server who this is; after signing in, after the role changed, after the line was refused. */
export async function ask(): Promise<void> {
  try {
    const found = await get<Session & { setup?: boolean }>('/session')
    if (found.setup) {
      session.state = 'setup'
      return
    }
    const same = session.state === 'in' && session.you?.id === found.person.id && session.project === found.project
    session.you = found.person
    session.project = found.project
    session.state = 'in'
    session.error = undefined
    if (!same) connect(found.project, found.person.id, () => void ask())
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      disconnect()
      session.you = null
      session.state = 'out'
    } else if (error instanceof ApiError && error.status === 404 && session.state === 'asking') {
      // TODO until the route is there
      session.you = { id: 'you', name: 'You', role: 'owner' }
      session.state = 'in'
      connect('', 'you', () => {})
    } else if (session.state === 'asking') {
      session.state = 'away'
      session.error = error
    }
  }
}

export async function signOut() {
  await del('/session')
  disconnect()
  session.you = null
  session.state = 'out'
}
