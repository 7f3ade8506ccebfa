/** Who is signed in, to which project; what they may do. */
import { get, del, ApiError } from './api'
import { counts } from './counts.svelte'
import { connect, disconnect } from './live.svelte'

export type Role = 'viewer' | 'labeller' | 'reviewer' | 'engineer' | 'owner'
export type Can = 'look' | 'label' | 'review' | 'build' | 'own'
export type You = { id: string; name: string; role: Role; can: Can[] }
export type Task = { name: string; kind: string; labels: string[] }
type Answer = {
  you: You | null // null: nobody is signed in; then there is nothing else
  project: { name: string; text: string; tasks: Task[]; slices?: string[] } | null // null: a folder without one
  build: string
  badges: Record<string, number>
  waiting: Record<string, number>
}

export const session = $state({
  state: 'asking' as 'asking' | 'in' | 'out' | 'setup' | 'away',
  you: null as You | null,
  project: '',
  tasks: [] as Task[],
  /** The column that the texts are in. */
  text: '',
  slices: [] as string[],
  error: undefined as unknown,
})

/** Whether the person who is signed in may do this; the server decides, this only hides what would be refused. */
export const may = (what: Can) => session.you?.can.includes(what) ?? false

/** Ask the server who this is; after signing in, after the role changed, after the line was refused. */
export async function ask(): Promise<void> {
  try {
    const found = await get<Answer>('/session')
    if (!found.you) return out()
    if (!found.project) {
      session.you = found.you
      session.state = 'setup'
      return
    }
    const same = session.state === 'in' && session.you?.id === found.you.id && session.project === found.project.name
    session.you = found.you
    session.project = found.project.name
    session.tasks = found.project.tasks
    session.text = found.project.text
    session.slices = found.project.slices ?? []
    session.state = 'in'
    session.error = undefined
    counts.waiting = found.waiting
    counts.undecided = found.badges.cycles ?? 0
    counts.alerts = found.badges.live ?? 0
    if (!same) connect(found.project.name, found.you.id, () => void ask())
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      out()
    } else if (session.state === 'asking') {
      session.state = 'away'
      session.error = error
    }
  }
}

export async function signOut() {
  await del('/session')
  out()
}

function out() {
  disconnect()
  session.you = null
  session.state = 'out'
}
