/** People, invites, tokens and the audit, as the server tells them and as they are said to a person. */
import type { Can, Role } from './session.svelte'

export type Member = { id: string; name: string; role: Role; at: number; revoked: number | null; password: boolean; provider: boolean }
export type Invite = { id: string; role: Role; by: string; at: number; until: number; uses: number; most: number; person: string | null; revoked: number | null }
export type Token = { id: string; name: string; person: string; role: Role; at: number; until: number | null; used: number | null; revoked: number | null }
export type Everybody = { people: Member[]; invites: Invite[]; tokens: Token[] }
export type Entry = { seq: number; at: number; actor: string; kind: string; topic: string; example: string; task: string; source: string; value: unknown; why: string; body: Record<string, unknown> | null }
export type Page = { events: Entry[]; next: number | null }

export const ROLES: Role[] = ['viewer', 'labeller', 'reviewer', 'engineer', 'owner']
const MAY: Record<Can, string> = {
  look: 'see the board, the cycles and the guide, and search',
  label: 'answer what is asked, flag and comment',
  review: 'decide where people differ, see agreement, write the guide',
  build: 'change targets, slices and labels; import, export, run, accept models',
  own: 'invite people, give roles, read the audit, erase',
}
const LEAST: Record<Role, Can> = { viewer: 'look', labeller: 'label', reviewer: 'review', engineer: 'build', owner: 'own' }

/** What a role may do, a line each. */
export const abilities = (role: Role) => ROLES.slice(0, ROLES.indexOf(role) + 1).map((one) => MAY[LEAST[one]])

/** Where somebody begins who has just come in. */
export const firstScreen = (role: Role) => (role === 'labeller' ? '/label' : '/board')

/** The link of an invite. What stands behind # is never sent to a server. */
export const link = (key: string, origin = location.origin) => `${origin}/join#${key}`

/** Whether an invite or a token can still be used. */
export const good = (one: Invite | Token, now = Date.now() / 1000) =>
  one.revoked === null && (one.until === null || one.until > now) && !('most' in one && one.uses >= one.most)

/** Why it can't: as one word. */
export const over = (one: Invite | Token) => (one.revoked !== null ? 'taken back' : 'most' in one && one.uses >= one.most ? 'used' : 'expired')

/** Those that are good first, the newest of each first. */
export const goodFirst = <One extends Invite | Token>(all: One[]) => [...all].sort((a, b) => Number(good(b)) - Number(good(a)) || b.at - a.at)

/** What an event says, as a sentence without its subject. */
export function sentence(entry: Entry): string {
  const body = entry.body ?? {}
  const of = String(body.of ?? '')
  const as = (role: unknown) => (role ? ` as ${String(role)}` : '')
  if (entry.kind === 'people')
    switch (entry.value) {
      case 'joined': return `${String(body.name ?? of)} joined${as(body.role)}`
      case 'invited': return `made a link${body.person ? ` for ${String(body.person)}` : as(body.role)} (${of})`
      case 'role': return `made ${of} ${String(body.role)}; was ${String(body.was)}`
      case 'shut out': return `shut out ${String(body.name ?? of)}`
      case 'took back': return `took back the ${String(body.kind)} ${of}`
      case 'token': return `made the token “${String(body.name)}”${as(body.role)} (${of})`
      case 'signed in': return `signed in by ${String(body.by)}`
      case 'signed out': return 'signed out'
      case 'password': return 'set a password'
    }
  const value = entry.value === null || entry.value === undefined ? '' : typeof entry.value === 'string' ? entry.value : JSON.stringify(entry.value)
  return [entry.task, value.length > 120 ? `${value.slice(0, 120)}…` : value, entry.why].filter(Boolean).join(' · ') || entry.kind
}
