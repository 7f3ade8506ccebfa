/**
 * Stretches of a text. Everywhere but in the browser's own selections an offset counts code points, [start, end), as
 * Python does; JavaScript strings count UTF-16 units. `Offsets` goes from one to the other, here and nowhere else.
 */

export type Span = { start: number; end: number; label: string; id: string }

/** Offsets of one text. Built in one pass; each answer takes a search among the characters that need two units. */
export class Offsets {
  #pairs: number[] = [] // where the characters of two units begin, in units
  readonly points: number

  constructor(readonly text: string) {
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit < 0xd800 || unit > 0xdbff) continue
      const next = text.charCodeAt(at + 1)
      if (next >= 0xdc00 && next <= 0xdfff) this.#pairs.push(at++)
    }
    this.points = text.length - this.#pairs.length
  }

  /** Code points before a unit; inside a character of two units it is where that character begins. */
  point(unit: number): number {
    const within = Math.min(Math.max(unit, 0), this.text.length)
    return within - below(this.#pairs.length, (i) => this.#pairs[i] < within)
  }

  /** Units before a code point. */
  unit(point: number): number {
    return point + below(this.#pairs.length, (i) => this.#pairs[i] - i < point)
  }

  slice(span: { start: number; end: number }): string {
    return this.text.slice(this.unit(span.start), this.unit(span.end))
  }
}

/** The first of 0..n for which `before` no longer holds. */
function below(n: number, before: (i: number) => boolean): number {
  let low = 0
  let high = n
  while (low < high) {
    const middle = (low + high) >> 1
    if (before(middle)) low = middle + 1
    else high = middle
  }
  return low
}

const segmenter = (granularity: 'word' | 'grapheme') => new Intl.Segmenter(undefined, { granularity })

/** Words of a text, as Unicode has them, in units; looked up where they are asked for, so that long texts cost nothing. */
export class Words {
  #words
  #marks
  constructor(readonly text: string) {
    this.#words = segmenter('word').segment(text)
    this.#marks = segmenter('grapheme').segment(text)
  }

  /** A selection grown to whole words, blanks at its ends left out; null where it holds nothing else. */
  snapped(from: number, to: number): [number, number] | null {
    const trimmed = this.trimmed(Math.min(from, to), Math.max(from, to))
    if (!trimmed) return null
    const [start, end] = trimmed
    const first = this.#words.containing(start)
    const last = this.#words.containing(end - 1)
    return [first?.index ?? start, last ? last.index + last.segment.length : end]
  }

  /** A selection as it is, but never through the middle of a character. */
  exact(from: number, to: number): [number, number] | null {
    const [low, high] = [Math.min(from, to), Math.max(from, to)]
    if (low === high) return null
    const last = this.#marks.containing(high - 1)
    return [this.#marks.containing(low)?.index ?? low, last ? last.index + last.segment.length : high]
  }

  trimmed(start: number, end: number): [number, number] | null {
    while (start < end && /\s/.test(this.text[start])) start++
    while (end > start && /\s/.test(this.text[end - 1])) end--
    return start < end ? [start, end] : null
  }

  /** The word after (or before) a place; null at the end. */
  next(at: number): [number, number] | null {
    for (let here = at; here < this.text.length; ) {
      const found = this.#words.containing(here)!
      const end = found.index + found.segment.length
      if (found.index >= at && found.segment.trim() !== '') return [found.index, end]
      here = end
    }
    return null
  }
  previous(at: number): [number, number] | null {
    for (let here = at - 1; here >= 0; ) {
      const found = this.#words.containing(here)!
      if (found.index + found.segment.length <= at && found.segment.trim() !== '') {
        return [found.index, found.index + found.segment.length]
      }
      here = found.index - 1
    }
    return null
  }
  /** The character after (or before) a place, in units. */
  step(at: number, by: 1 | -1): number {
    const found = this.#marks.containing(by > 0 ? at : at - 1)
    if (!found) return at
    return by > 0 ? found.index + found.segment.length : found.index
  }
}

/** By place; of two at the same place the longer first. */
export const ordered = (spans: Span[]) => [...spans].sort((a, b) => a.start - b.start || b.end - a.end || (a.label < b.label ? -1 : 1))

export const same = (a: Span, b: Span) => a.start === b.start && a.end === b.end && a.label === b.label

/** How two people's spans come together: what both have, what one alone has. */
export function compared(ours: Span[], theirs: Span[]): { both: Span[]; ours: Span[]; theirs: Span[] } {
  return {
    both: ours.filter((one) => theirs.some((other) => same(one, other))),
    ours: ours.filter((one) => !theirs.some((other) => same(one, other))),
    theirs: theirs.filter((one) => !ours.some((other) => same(one, other))),
  }
}
