/**
 * Is the built page small enough? First screen at most 60 kB of JavaScript, gzipped; every other chunk at most 40.
 *
 * The first screen: what index.html loads, and the largest of the screens with all that it imports.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const FIRST = 60
const OTHER = 40
const out = process.argv[2] ?? '../src/adequate/studio/_web'
const assets = join(out, 'assets')
const size = Object.fromEntries(
  readdirSync(assets)
    .filter((name) => name.endsWith('.js'))
    .map((name) => [name, gzipSync(readFileSync(join(assets, name))).length / 1000]),
)

/** A chunk and all that it imports at once. */
function closure(name, found = new Set()) {
  if (found.has(name) || !(name in size)) return found
  found.add(name)
  for (const [, other] of readFileSync(join(assets, name), 'utf8').matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) closure(other, found)
  return found
}

const html = readFileSync(join(out, 'index.html'), 'utf8')
const entry = [...html.matchAll(/assets\/([\w.-]+\.js)/g)].flatMap(([, name]) => [...closure(name)])
const total = (names) => [...names].reduce((sum, name) => sum + size[name], 0)
const first = (screen) => total(new Set([...entry, ...[...closure(screen)]]))
const faults = []
const kB = (n) => `${n.toFixed(1)} kB`

const shell = total(new Set(entry))
console.log(`frame ${kB(shell)}`)
for (const screen of ['Board', 'Label', 'Join']) {
  const name = Object.keys(size).find((one) => one.startsWith(`${screen}-`))
  if (!name) continue
  const n = first(name)
  console.log(`frame and ${screen} ${kB(n)} of ${FIRST}`)
  if (n > FIRST) faults.push(`the first screen ${screen} takes ${kB(n)}`)
}
for (const [name, n] of Object.entries(size).sort(([, a], [, b]) => b - a)) {
  if (entry.includes(name)) continue
  if (n > 5) console.log(`  ${name} ${kB(n)} of ${OTHER}`)
  if (n > OTHER) faults.push(`${name} takes ${kB(n)}`)
}
for (const fault of faults) console.error(`too large: ${fault}`)
process.exit(faults.length ? 1 : 0)
