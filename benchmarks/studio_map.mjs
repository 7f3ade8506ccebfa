/** Draws a map in a real browser, many times: `node studio_map.mjs map.bin`; prints milliseconds as JSON. Called by studio_map.py. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const web = new URL('../web/', import.meta.url)
const require = createRequire(new URL('package.json', web))
const { chromium } = require('playwright-core')
const typescript = require('typescript')

const source = readFileSync(new URL('src/lib/map.ts', web), 'utf8')
const script = typescript.transpileModule(source, { compilerOptions: { target: 'es2022', module: 'esnext' } }).outputText
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
await page.setContent('<canvas width="1000" height="700"></canvas>')
const result = await page.evaluate(
  async ([code, data]) => {
    const map = await import(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })))
    const buffer = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)).buffer
    const context = document.querySelector('canvas').getContext('2d')
    const timed = (what) => {
      const began = performance.now()
      const value = what()
      context.getImageData(0, 0, 1, 1) // until it is really drawn
      return [performance.now() - began, value]
    }
    const times = { decode: [], group: [], paint: [], grid: [], pick: [], fillRect: [] }
    for (let round = 0; round < 9; round++) {
      const [decode, points] = timed(() => map.decode(buffer))
      const [group, found] = timed(() => map.grouped(points, 'predicted'))
      const view = map.zoomed(map.whole(1000, 700), 1 + round / 20)
      const style = { of: found.of, shapes: [], colours: new Uint32Array(9), faint: new Uint32Array(9), shown: Array(9).fill(true) }
      for (const one of found.groups) {
        style.shapes[one.id] = map.SHAPES[one.shape]
        style.colours[one.id] = map.pixel('#176b4d') + one.id * 999
      }
      const [paint, seen] = timed(() => {
        const image = context.createImageData(1000, 700)
        const drawn = map.paint(new Uint32Array(image.data.buffer), points, view, style, null)
        context.putImageData(image, 0, 0)
        return drawn
      })
      const [grid, index] = timed(() => new map.Grid(points.x, points.y))
      const [pick] = timed(() => index.nearest(0.1, 0.1, 8 / view.scale))
      const [fillRect] = timed(() => {
        context.clearRect(0, 0, 1000, 700)
        for (let i = 0; i < points.count; i++) {
          const [x, y] = map.toScreen(view, points.x[i], points.y[i])
          context.fillStyle = '#' + (style.colours[found.of[i]] & 0xffffff).toString(16).padStart(6, '0')
          context.fillRect(x - 1, y - 1, 3, 3)
        }
      })
      for (const [name, ms] of Object.entries({ decode, group, paint, grid, pick, fillRect })) times[name].push(ms)
      times.points = points.count
      times.seen = seen
    }
    return times
  },
  [script, readFileSync(process.argv[2]).toString('base64')],
)
await browser.close()
console.log(JSON.stringify(result))
