/**
 * A studio that really serves, and people in browsers of their own.
 *
 *   const studio = await Studio.start()          // a copy of the project, on a free port; one for a file of tests
 *   const ada = await studio.enter('Ada')        // a page, signed in; Ada owner, Eve engineer, Rob reviewer,
 *                                                //   Ann and Ben labellers, Vic viewer
 *   await ada.open('/board')                     // waits until the screen stands there
 *   await ada.axe()                              // nothing found, light and dark
 *   studio.sql('SELECT count(*) AS n FROM event')  // what the server's database holds
 *   await studio.kill(); await studio.again()    // kill -9; the same port, project and people
 *   await studio.end()                           // and every page: an error on a console fails
 */
import { AxeBuilder } from '@axe-core/playwright'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { ENV, PYTHON, ROOT } from './python.ts'

export type Name = 'Ada' | 'Eve' | 'Rob' | 'Ann' | 'Ben' | 'Vic'
type Known = { id: string; name: string; role: string; secret: string }

const CHROMIUM = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const COLOURS = ['color-contrast', 'link-in-text-block'] // the rules of axe that ask for a colour
const AWAY = /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INTERNET_DISCONNECTED|ERR_SOCKET_NOT_CONNECTED|WebSocket connection/

export class Studio {
  people = {} as Record<Name, Known>
  #server: ChildProcess | null = null
  #log = ''
  #browser: Browser | null = null
  #tabs: Tab[] = []

  private constructor(
    readonly root: string,
    readonly port: number,
  ) {}

  static async start(): Promise<Studio> {
    const base = inject('base')
    const folder = mkdtempSync(join(tmpdir(), 'adequate-studio-'))
    const studio = new Studio(join(folder, 'mail'), await freePort())
    cpSync(join(base, 'mail'), studio.root, { recursive: true })
    studio.people = JSON.parse(readFileSync(join(base, 'people.json'), 'utf8')) as Record<Name, Known>
    await studio.again()
    return studio
  }

  /** A folder without a project: the server waits to be told what it is to be. */
  static async empty(): Promise<Studio> {
    const folder = mkdtempSync(join(tmpdir(), 'adequate-empty-'))
    const studio = new Studio(join(folder, 'mail'), await freePort())
    await studio.again()
    return studio
  }

  /** The one-time link that the server printed last. */
  get link() {
    return [...this.#log.matchAll(/http:\/\/\S+\/join#\S+/g)].at(-1)![0]
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  /** Start the server, on the same port as before. */
  async again() {
    const words = ['-m', 'adequate.cli.main', 'studio', '--project', this.root, '--port', String(this.port)]
    const server = (this.#server = spawn(PYTHON, words, { cwd: ROOT, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] }))
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (text: Buffer) => (this.#log += text.toString()))
    for (let tries = 0; tries < 2400; tries++) {
      if (server.exitCode !== null) throw new Error(`the server ended:\n${this.#log}`)
      if (await fetch(`${this.url}/api/session/ways`).then((answer) => answer.ok, () => false)) return
      await sleep(50)
    }
    throw new Error(`the server didn’t start:\n${this.#log}`)
  }

  /** kill -9: it has no time to say anything. */
  kill = () => this.#stop('SIGKILL')

  async #stop(signal: NodeJS.Signals) {
    const server = this.#server
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const gone = new Promise((done) => server.once('exit', done))
    server.kill(signal)
    await gone
  }

  /** What the server's database holds; read beside it. */
  sql<Row = Record<string, unknown>>(query: string, ...values: (string | number)[]): Row[] {
    const code = `import json, sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True); db.row_factory = sqlite3.Row
print(json.dumps([dict(row) for row in db.execute(sys.argv[2], json.loads(sys.argv[3]))]))`
    const said = execFileSync(PYTHON, ['-c', code, this.database, query, JSON.stringify(values)], { encoding: 'utf8' })
    return JSON.parse(said) as Row[]
  }

  /** What a few lines of Python print of what they are given. */
  python = (code: string, input: string) => execFileSync(PYTHON, ['-c', code], { cwd: ROOT, env: ENV, encoding: 'utf8', input })

  get database() {
    return join(this.root, '.adequate', 'store.sqlite')
  }

  /** The command line, beside the server. */
  cli = (...words: string[]) => execFileSync(PYTHON, ['-m', 'adequate.cli.main', ...words, '--project', this.root], { cwd: ROOT, env: ENV, encoding: 'utf8' })

  /** A browser of somebody's own; without a name, of somebody who isn't signed in. */
  async enter(name?: Name, { width = 1280, height = 800, dark = false } = {}): Promise<Tab> {
    this.#browser ??= await chromium.launch({ executablePath: CHROMIUM, args: QUIET })
    const context = await this.#browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    if (name) await context.addCookies([{ name: `adequate_${this.port}`, value: this.people[name].secret, url: this.url }])
    return this.tab(context)
  }

  /** One more tab in a browser; `Tab.context` has it. */
  async tab(context: BrowserContext): Promise<Tab> {
    const tab = new Tab(this, context, await context.newPage())
    this.#tabs.push(tab)
    return tab
  }

  async end() {
    // What a page still asks for is answered first: a server that ends meanwhile rightly complains.
    await Promise.all(this.#tabs.filter((tab) => !tab.page.isClosed()).map((tab) => tab.page.waitForLoadState('networkidle', { timeout: 5000 }).catch(() => {})))
    await this.#browser?.close()
    await this.#stop('SIGTERM')
    rmSync(join(this.root, '..'), { recursive: true, force: true })
    const errors = [...new Set(this.#tabs.flatMap((tab) => tab.errors))].slice(0, 10)
    expect(errors, 'errors on a console').toEqual([])
    expect(this.#log, 'what the server complained of').not.toMatch(/Traceback|ERROR/)
  }
}

export class Tab {
  /** What the console said in red, and errors nobody caught; what comes of a server that is away isn't one. */
  errors: string[] = []
  /** Errors that a test provokes on purpose. */
  forgiven: RegExp[] = [AWAY]

  constructor(
    readonly studio: Studio,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.setDefaultTimeout(120_000) // a slow machine isn't a fault
    page.on('console', (message) => {
      if (message.type() === 'error') this.#note(`${message.text()} ${message.location().url}`)
    })
    page.on('pageerror', (error) => this.#note(`${(error.stack ?? error.message).split('\n').slice(0, 4).join('\n')}`))
  }

  #note(text: string) {
    if (!this.forgiven.some((one) => one.test(text))) this.errors.push(`${this.page.url()}: ${text}`)
  }

  /** Follow a link to the door. */
  async follow(link: string) {
    await this.page.goto(link)
    await this.ready()
  }

  /** Go to a screen and wait until it stands there. */
  async open(path: string) {
    await this.page.goto(this.studio.url + path)
    await this.ready()
  }

  /** The screen stands there, and the line is open. */
  async ready() {
    await this.page.locator('main[aria-busy=false] h1').first().waitFor({ state: 'attached' })
  }

  /** Press keys, one after another: `press('g', 'b')`. */
  async press(...keys: string[]) {
    for (const key of keys) await this.page.keyboard.press(key)
  }

  /** What is typed goes to such an element. */
  typing = (tag: 'INPUT' | 'TEXTAREA') => this.page.waitForFunction((tag) => document.activeElement?.tagName === tag, tag)

  /** Wait until something holds; asked again and again. */
  until = until

  /** All that the screen asked for has come. */
  quiet = () => this.page.waitForLoadState('networkidle')

  /** Wait until all is saved. */
  saved = () => this.page.locator('[data-saved=saved]').waitFor({ state: 'attached' })

  /** What axe finds on the screen, in light and, of colours, in dark: nothing. */
  async axe() {
    for (const colorScheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await this.page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one.finished))) // colours fade into each other
      const axe = new AxeBuilder({ page: this.page }).setLegacyMode() // there are no frames: no second page is needed to gather what was found
      if (colorScheme === 'dark') axe.withRules(COLOURS)
      const { violations } = await axe.analyze()
      const found = violations.map((one) => `${one.id}: ${one.help}; ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`)
      expect(found, `${this.page.url()} in ${colorScheme}`).toEqual([])
    }
    await this.page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
  }
}

export const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Ask until an answer is true; says what was asked when it never is. */
export async function until(what: () => unknown, seconds = 60): Promise<void> {
  const end = Date.now() + 1000 * seconds
  while (Date.now() < end) {
    if (await what()) return
    await sleep(50)
  }
  throw new Error(`not within ${seconds} s: ${what.toString()}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const port = (server.address() as { port: number }).port
  await new Promise((done) => server.close(done))
  return port
}
