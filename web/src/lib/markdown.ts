/**
 * Markdown as people write it in a guide, read into a tree that a component draws: text is never HTML.
 *
 * Headings, paragraphs, lists (nested by indent), quotes, code; bold, italic, code, links to http(s), chips of examples
 * (#3fa9c0d1: six or more hex digits). Whatever else stands there is text.
 */

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'strong'; inside: Inline[] }
  | { kind: 'em'; inside: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; href: string; inside: Inline[] }
  | { kind: 'chip'; id: string }

export type Item = { inside: Inline[]; blocks: Block[] }
export type Block =
  | { kind: 'heading'; level: number; inside: Inline[] }
  | { kind: 'paragraph'; lines: Inline[][] }
  | { kind: 'list'; ordered: boolean; start: number; items: Item[] }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'code'; text: string }
  | { kind: 'rule' }

const DEEP = 6 // lists and quotes inside each other; deeper is text
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/
const FENCE = /^\s*```/
const HEADING = /^(#{1,6})\s+(.*?)\s*#*\s*$/
const RULE = /^\s*(?:-\s*){3,}$|^\s*(?:\*\s*){3,}$/
const QUOTE = /^\s*>\s?/

/** The blocks of a text. */
export function read(text: string, depth = 0): Block[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const blocks: Block[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at]
    if (line.trim() === '') at += 1
    else if (FENCE.test(line)) {
      const end = lines.findIndex((other, i) => i > at && FENCE.test(other))
      blocks.push({ kind: 'code', text: lines.slice(at + 1, end < 0 ? undefined : end).join('\n') })
      at = end < 0 ? lines.length : end + 1
    } else if (HEADING.test(line)) {
      const [, marks, words] = HEADING.exec(line)!
      blocks.push({ kind: 'heading', level: marks.length, inside: inline(words) })
      at += 1
    } else if (RULE.test(line)) {
      blocks.push({ kind: 'rule' })
      at += 1
    } else if (QUOTE.test(line) && depth < DEEP) {
      const from = at
      while (at < lines.length && QUOTE.test(lines[at])) at += 1
      const inside = lines.slice(from, at).map((one) => one.replace(QUOTE, ''))
      blocks.push({ kind: 'quote', blocks: read(inside.join('\n'), depth + 1) })
    } else if (ITEM.test(line) && depth < DEEP) {
      const [block, end] = list(lines, at, depth)
      blocks.push(block)
      at = end
    } else {
      const from = at
      do at += 1
      while (at < lines.length && lines[at].trim() !== '' && !begins(lines[at], depth))
      blocks.push({ kind: 'paragraph', lines: lines.slice(from, at).map((one) => inline(one.trim())) })
    }
  }
  return blocks
}

const begins = (line: string, depth: number) =>
  FENCE.test(line) || HEADING.test(line) || (depth < DEEP && (QUOTE.test(line) || ITEM.test(line)))

function list(lines: string[], from: number, depth: number): [Block, number] {
  const [, indent, mark] = ITEM.exec(lines[from])!
  const ordered = /\d/.test(mark)
  const items: Item[] = []
  let at = from
  while (at < lines.length) {
    const found = ITEM.exec(lines[at])
    if (!found || found[1].length !== indent.length || /\d/.test(found[2]) !== ordered) break
    const begin = at
    at += 1
    while (at < lines.length && (deeper(lines[at], indent.length) || (lines[at].trim() === '' && deeper(lines[at + 1], indent.length)))) at += 1
    const rest = lines.slice(begin + 1, at)
    const margin = Math.min(...rest.filter((one) => one.trim()).map((one) => one.length - one.trimStart().length), Infinity)
    const inner = rest.map((one) => one.slice(Number.isFinite(margin) ? margin : 0)).join('\n')
    items.push({ inside: inline(found[3]), blocks: inner.trim() ? read(inner, depth + 1) : [] })
    while (at < lines.length && lines[at].trim() === '' && ITEM.test(lines[at + 1] ?? '')) at += 1
  }
  return [{ kind: 'list', ordered, start: ordered ? Number.parseInt(mark, 10) : 1, items }, at]
}

const deeper = (line: string | undefined, indent: number) =>
  line !== undefined && line.trim() !== '' && line.length - line.trimStart().length > indent

// Each is tried where it begins; none can look further than its own line, and nothing backtracks over the whole.
const INLINE: [RegExp, (found: RegExpExecArray, depth: number) => Inline | null][] = [
  [/`([^`\n]+)`/y, (found) => ({ kind: 'code', text: found[1] })],
  [/\[([^\]\n]{1,500})\]\(([^()\s]{1,2000})\)/y, (found, depth) => (safe(found[2]) ? { kind: 'link', href: found[2], inside: inline(found[1], depth + 1) } : null)],
  [/\*\*(?=\S)([^\n]{1,2000}?\S|\S)\*\*/y, (found, depth) => ({ kind: 'strong', inside: inline(found[1], depth + 1) })],
  [/\*(?=[^\s*])([^*\n]{0,2000}?[^\s*])\*/y, (found, depth) => ({ kind: 'em', inside: inline(found[1], depth + 1) })],
  [/(?<![\p{L}\p{N}])_(?=[^\s_])([^_\n]{0,2000}?[^\s_])_(?![\p{L}\p{N}])/uy, (found, depth) => ({ kind: 'em', inside: inline(found[1], depth + 1) })],
  [/(?<![\p{L}\p{N}&/])#([0-9a-f]{6,64})(?![\p{L}\p{N}])/uy, (found) => ({ kind: 'chip', id: found[1] })],
  [/https?:\/\/[^\s<>()[\]"']{1,2000}(?<![.,;:!?])/y, (found) => ({ kind: 'link', href: found[0], inside: [{ kind: 'text', text: found[0] }] })],
]
const MAYBE = /[`[*_#h]/g

/** What stands in a line. */
export function inline(text: string, depth = 0): Inline[] {
  const found: Inline[] = []
  let from = 0
  const plain = (to: number) => {
    if (to > from) found.push({ kind: 'text', text: text.slice(from, to) })
  }
  if (depth < DEEP) {
    MAYBE.lastIndex = 0
    for (let at = next(text, 0); at >= 0; at = next(text, at)) {
      const hit = match(text, at, depth)
      if (hit) {
        plain(at)
        found.push(hit[0])
        from = at = hit[1]
      } else at += 1
    }
  }
  plain(text.length)
  return found
}

function next(text: string, at: number): number {
  MAYBE.lastIndex = at
  return MAYBE.exec(text)?.index ?? -1
}

function match(text: string, at: number, depth: number): [Inline, number] | null {
  for (const [pattern, make] of INLINE) {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    const made = found && make(found, depth)
    if (made) return [made, at + found[0].length]
  }
  return null
}

/** Only what opens a page: never `javascript:`, `data:` or a path of ours that does something. */
export const safe = (href: string): boolean => /^https?:\/\/[^\s]+$/i.test(href)

/** The ids of the chips in a text, once each. */
export const chips = (text: string): string[] => [...new Set([...text.matchAll(/(?<![\p{L}\p{N}&/])#([0-9a-f]{6,64})(?![\p{L}\p{N}])/gu)].map((found) => found[1]))]
