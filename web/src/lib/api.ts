/** The HTTP part of the server: JSON in and out, errors as the server words them. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly remedy: string,
    readonly current: unknown = undefined,
  ) {
    super(message)
  }
}

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const answer = await fetch(`/api${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'Offline', 'the server can’t be reached', 'what you did is kept; it is sent when it is back')
  })
  if (!answer.ok) {
    const said = (await answer.json().catch(() => ({}))) as Record<string, unknown>
    throw new ApiError(
      answer.status,
      String(said.error ?? 'HTTPException'),
      String(said.message ?? answer.statusText),
      String(said.remedy ?? ''),
      said.current,
    )
  }
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T)
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>('GET', path, undefined, signal)
export const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, body)
export const put = <T>(path: string, body: unknown = {}) => call<T>('PUT', path, body)
export const del = <T>(path: string) => call<T>('DELETE', path)

/** A binary answer, such as the points of a map. */
export async function bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  const answer = await fetch(`/api${path}`, { signal })
  if (!answer.ok) {
    const said = (await answer.json().catch(() => ({}))) as Record<string, unknown>
    throw new ApiError(answer.status, String(said.error), String(said.message), String(said.remedy ?? ''))
  }
  return answer.arrayBuffer()
}
