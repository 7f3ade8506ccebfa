import { describe, expect, it } from 'vitest'
import { chips, inline, read, safe } from './markdown'

describe('a guide’s Markdown', () => {
  it('has headings, paragraphs, lists, quotes and code', () => {
    const kinds = read('# A\n\ntext\nmore\n\n- one\n- two\n  1. deep\n\n> said\n\n```\nx < y\n```\n---').map((block) => block.kind)
    expect(kinds).toEqual(['heading', 'paragraph', 'list', 'quote', 'code', 'rule'])
  })
  it('nests lists by indent', () => {
    const [block] = read('- one\n  - inner\n- two')
    expect(block).toMatchObject({ kind: 'list', items: [{ blocks: [{ kind: 'list', items: [{}] }] }, { blocks: [] }] })
  })
  it('reads bold, italic, code, links and chips', () => {
    expect(inline('a **b *c*** `d` [e](https://f.g) #3fa9c0 h').map((one) => one.kind)).toEqual(['text', 'strong', 'text', 'code', 'text', 'link', 'text', 'chip', 'text'])
  })
  it('never makes a link that does something', () => {
    for (const href of ['javascript:alert(1)', 'JAVASCRIPT:alert(1)', 'data:text/html,x', '//evil', '/api/x', 'vbscript:x', ' javascript:x'])
      expect(safe(href)).toBe(false)
    expect(inline('[x](javascript:alert(1))')).toEqual([{ kind: 'text', text: '[x](javascript:alert(1))' }])
  })
  it('leaves HTML and snake_case as text', () => {
    expect(inline('<b onclick=x>hi</b> snake_case_word')).toEqual([{ kind: 'text', text: '<b onclick=x>hi</b> snake_case_word' }])
  })
  it('knows a chip from a heading, a colour in an address and a number', () => {
    expect(chips('#3fa9c0 and #3fa9c0, #12345 x#abcdef https://a.b/#abcdef')).toEqual(['3fa9c0'])
    expect(read('#3fa9c0 is one')[0].kind).toBe('paragraph')
  })
  it('ends a bare address before the full stop', () => {
    expect(inline('see https://a.b/c.')).toMatchObject([{ text: 'see ' }, { kind: 'link', href: 'https://a.b/c' }, { text: '.' }])
  })
  it('is quick on what is made to be slow', () => {
    const start = performance.now()
    for (const text of ['*'.repeat(50_000), '[' .repeat(50_000), '_a'.repeat(25_000), '`'.repeat(50_001), '> '.repeat(20_000), '#'.repeat(50_000), '- '.repeat(25_000), '**a '.repeat(12_000)])
      read(text)
    expect(performance.now() - start).toBeLessThan(3000)
  })
  it('keeps every character that isn’t a mark', () => {
    const text = 'a\u202e😀 ‮ < > & " \u0007'
    expect(inline(text)).toEqual([{ kind: 'text', text }])
  })
})
