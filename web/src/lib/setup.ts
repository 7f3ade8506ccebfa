/** The setup screen's words to the server, and what a person changed of what was inferred. */
import { ApiError, post } from './api'

export type Target = { accuracy: number | null; recall: number | null; precision: number | null; on: string | null }
export type FoundTask = { name: string; column: string; kind: string; rows: number; labels: { label: string; rows: number }[]; target: Target }
export type Found = {
  name: string
  rows: number
  columns: string[]
  sample: Record<string, string>[]
  text: string
  group: string | null
  time: string | null
  id: string | null
  reasons: Record<string, string>
  tasks: FoundTask[]
  slices: { name: string; why: string }[]
  unused: string[]
  notices: string[]
}
export type Role = 'text' | 'group' | 'time' | 'id'
export type Reading = 'classify' | 'multilabel'
/** `undefined`: inferred; "": no column has it. */
export type Asked = {
  files: string[]
  text?: string
  group?: string
  time?: string
  id?: string
  tasks: string[]
  labels: string[]
  kinds: Record<string, Reading> // by column
  normalise: boolean
  encoding?: string
  lenient: boolean
}
export type Made = { new: number; known: number; labels: Record<string, number>; notices: string[]; then: string }

export const asked = (files: string[]): Asked => ({ files, tasks: [], labels: [], kinds: {}, normalise: false, lenient: false })

/** Files in a few words: `a.csv`, `a.csv and b.csv`, `a.csv and 3 more`. */
export const listed = (files: string[]) => (files.length < 3 ? files.join(' and ') : `${files[0]} and ${files.length - 1} more`)

/** The columns that can be what is asked for: those that have no other role. */
export const free = (found: Found, mine: string | null) => {
  const taken = new Set([found.text, found.group, found.time, found.id, ...found.tasks.map((task) => task.column)].filter((name) => name !== mine))
  return found.columns.filter((name) => !taken.has(name))
}

/** Names as people separate them: by commas or lines. */
export const names = (text: string) => [...new Set(text.split(/[,\n]/).map((name) => name.trim()).filter((name) => name !== ''))]

export const look = (what: Asked) => post<Found>('/setup/look', what)

/** Targets as the server takes them: of each task, by name. */
export const start = (what: Asked & { name: string; targets: Record<string, Target>; slices: string[]; with_labels: boolean }) => post<Made>('/setup/start', what)

/** Send a file as it is, telling how far it is; `fetch` can't tell that. */
export function upload(file: File, told: (fraction: number) => void): Promise<{ name: string; bytes: number }> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/api/setup/file?name=${encodeURIComponent(file.name)}`)
    request.responseType = 'json'
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total)
    request.onload = () => {
      const said = (request.response ?? {}) as { name: string; bytes: number; error?: string; message?: string; remedy?: string }
      if (request.status < 300) done(said)
      else failed(new ApiError(request.status, said.error ?? '', said.message ?? request.statusText, said.remedy ?? ''))
    }
    request.onerror = () => failed(new ApiError(0, 'Offline', 'the file didn’t arrive: the server can’t be reached', 'drop it again'))
    request.send(file)
  })
}
