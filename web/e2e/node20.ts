/** Vitest 5 words failures with `Map.groupBy`, which Node has from 21 on. */
Map.groupBy ??= <K, T>(items: Iterable<T>, key: (item: T, at: number) => K) => {
  const groups = new Map<K, T[]>()
  let at = 0
  for (const item of items) {
    const name = key(item, at++)
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  }
  return groups
}
