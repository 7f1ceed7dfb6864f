// `ct top` at a terminal: what is read, what is pressed, and what is seen.

import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostLoad } from '../../load/load.js'
import { BadAnswerError, NoDaemonError, RefusedError } from '../errors.js'
import type { Thing } from '../listing.js'
import type { Session } from '../session.js'
import { containerTable, nameOf } from './container-table.js'
import type { Figures, Mode, Row, Watch } from './figures.js'
import { headerOf } from './header.js'
import { HELP, onKeys } from './keys.js'
import { plain, styled, type Line } from './line.js'
import {
  PROCESS_FIELDS,
  processTable,
  ProcessWatch,
  type Process,
  type ProcessRow,
} from './process-table.js'
import { Screen } from './screen.js'
import type { TableView } from './table-view.js'

export interface TopOptions {
  readonly rateMs: number
  readonly iostat: boolean
  /** What is read. */
  readonly look: (signal: AbortSignal) => Promise<HostLoad>
}

/** One container, looked into. */
interface Inside {
  readonly name: string
  readonly watch: ProcessWatch
  readonly table: TableView<ProcessRow>
  rows: readonly ProcessRow[]
}

/** Who does not answer for so long is told of. */
export const PATIENCE_MS = 10_000
const FIRST_MS = 500
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
const KEYS = ' q quit  ? help  < > sort  / filter  m mode  p pause  Enter processes'
/** Below which what stands above the list has to go. */
const LEAST_ROWS = 5

export class TopScreen {
  readonly #session: Session
  readonly #options: TopOptions
  readonly #screen: Screen
  readonly #watch: Watch
  readonly #tables: Readonly<Record<Mode, TableView<Row>>> = {
    realtime: containerTable('realtime'),
    cumulative: containerTable('cumulative'),
  }
  #over = false
  #waiting = new AbortController()
  #reading = new AbortController()
  #mode: Mode = 'realtime'
  #paused = false
  #help = false
  /** What is typed after `/`. */
  #typed: string | null = null
  #inside: Inside | null = null
  #message: string | null = null
  #readAt = new Date()
  #code = 0

  /** Null where there is no terminal for it. @param watch has taken a reading */
  static ours(session: Session, watch: Watch, options: TopOptions): TopScreen | null {
    let top: TopScreen | null = null
    const screen = Screen.ours(session.paint !== null, () => top?.draw())
    if (screen === null) return null
    top = new TopScreen(session, watch, screen, options)
    return top
  }

  private constructor(session: Session, watch: Watch, screen: Screen, options: TopOptions) {
    this.#session = session
    this.#watch = watch
    this.#screen = screen
    this.#options = options
  }

  /** @returns the exit code: 0, or as shells have it of a signal, 128 and its number */
  async run(): Promise<number> {
    const restore = () => this.#screen.leave()
    const gone = () => {
      this.#screen.abandon()
      this.#end(1)
    }
    // A terminal that hangs up is none any more.
    const endOf = (signal: (typeof ENDING)[number]) => () =>
      signal === 'SIGHUP' ? gone() : this.#end(128 + constants.signals[signal])
    const resume = () => {
      this.#screen.takeBack()
      this.draw()
    }
    const heard: (readonly [NodeJS.Signals, () => void])[] = [
      ...ENDING.map((signal) => [signal, endOf(signal)] as const),
      ['SIGTSTP', () => this.#suspend()],
      ['SIGCONT', resume],
      ['SIGUSR1', () => this.#waiting.abort()],
    ]
    const { stdin } = process
    // Whatever ends it: a mistake of ours, too.
    process.once('exit', restore)
    for (const [signal, listener] of heard) process.on(signal, listener)
    for (const event of ['end', 'error', 'close']) stdin.once(event, gone)
    this.#screen.enter()
    const endKeys = onKeys((key) => this.#press(key))
    try {
      await this.#refreshing()
      return this.#code
    } finally {
      endKeys()
      restore()
      process.off('exit', restore)
      for (const [signal, listener] of heard) process.off(signal, listener)
      for (const event of ['end', 'error', 'close']) stdin.off(event, gone)
      stdin.destroy()
    }
  }

  async #refreshing(): Promise<void> {
    const { rateMs } = this.#options
    // The first reading alone has no rates.
    for (let waitMs = Math.min(rateMs, FIRST_MS); ; waitMs = rateMs) {
      this.draw()
      this.#waiting = new AbortController()
      const { signal } = this.#waiting
      await sleep(waitMs, undefined, { signal }).catch(() => undefined)
      if (this.#over) return
      if (!this.#paused || this.#waiting.signal.aborted) await this.#read()
    }
  }

  /** A daemon that is away is told of, and asked again: it may be replaced just now. */
  async #read(): Promise<void> {
    const inside = this.#inside
    const reading = new AbortController()
    this.#reading = reading
    const impatient = setTimeout(() => reading.abort(), PATIENCE_MS)
    try {
      const [load] = await Promise.all([
        this.#options.look(reading.signal),
        inside === null ? null : this.#readInside(inside, reading.signal),
      ])
      this.#watch.take(load)
      this.#readAt = new Date()
      this.#message = null
    } catch (error) {
      if (this.#over) return
      if (error instanceof RefusedError && error.code === 'ERR_NOT_FOUND') this.#inside = null
      else if (!(error instanceof NoDaemonError || error instanceof BadAnswerError)) throw error
      this.#message = reading.signal.aborted
        ? `osctld has not answered for ${PATIENCE_MS / 1000} seconds`
        : error.message
    } finally {
      clearTimeout(impatient)
    }
  }

  async #readInside(inside: Inside, signal: AbortSignal): Promise<void> {
    const things = await this.#session.daemon.ask<readonly Thing[]>('GET /processes', {
      query: { containers: inside.name, fields: PROCESS_FIELDS.join(',') },
      signal,
    })
    inside.rows = inside.watch.take(things as unknown as readonly Process[], performance.now())
  }

  #end(code: number): void {
    this.#code = code
    this.#over = true
    this.#waiting.abort()
    this.#reading.abort()
  }

  /** As programs of a terminal do: the shell has it meanwhile. */
  #suspend(): void {
    this.#screen.leave()
    process.kill(process.pid, 'SIGSTOP')
  }

  #press(key: string): void {
    if (this.#typed !== null) this.#type(key, this.#typed)
    else if (!this.#pressAny(key) && !this.#help) {
      if (this.#inside === null) this.#tables[this.#mode].press(key, this.#rows)
      else this.#inside.table.press(key, this.#inside.rows)
    }
    this.draw()
  }

  /** @returns whether it is one that does the same everywhere */
  #pressAny(key: string): boolean {
    switch (key) {
      case 'q':
      case 'escape':
        this.#back(key)
        return true
      case 'ctrl-c':
        this.#end(0)
        return true
      case 'ctrl-z':
        this.#suspend()
        return true
      case 'ctrl-l':
        this.#screen.forget()
        return true
      case '?':
        this.#help = !this.#help
        return true
      case 'p':
        this.#paused = !this.#paused
        if (!this.#paused) this.#waiting.abort()
        return true
      case 'm':
        this.#mode = this.#mode === 'realtime' ? 'cumulative' : 'realtime'
        this.#tables[this.#mode].filter = this.#tables[other(this.#mode)].filter
        return true
      case '/':
        this.#typed = this.#table.filter
        return true
      case 'return':
      case 'enter':
      case 't':
      case 'h':
        this.#enter()
        return true
      default:
        return false
    }
  }

  #back(key: string): void {
    if (this.#help) this.#help = false
    else if (this.#inside !== null) this.#inside = null
    else if (key === 'q') this.#end(0)
    else this.#table.filter = ''
  }

  /** The list is filtered while it is typed. */
  #type(key: string, typed: string): void {
    if (key === 'ctrl-c') return this.#end(0)
    if (key === 'return' || key === 'enter') this.#typed = null
    else if (key === 'escape') {
      this.#typed = null
      this.#table.filter = ''
    } else {
      const letter = key === 'space' ? ' ' : [...key].length === 1 ? key : ''
      this.#typed = key === 'backspace' ? typed.slice(0, -1) : (typed + letter).slice(0, 100)
      this.#table.filter = this.#typed
    }
  }

  #enter(): void {
    const one = this.#tables[this.#mode].selected(this.#rows)
    if (this.#inside !== null || one === null) return
    if (one.pool === null) {
      this.#message = 'processes of the host: see `osctl ct ps -`'
      return
    }
    const [watch, table] = [new ProcessWatch(), processTable()]
    this.#inside = { name: nameOf(one), watch, table, rows: [] }
    this.#waiting.abort()
  }

  get #table(): { filter: string } {
    return this.#inside?.table ?? this.#tables[this.#mode]
  }

  get #figures(): Figures | null {
    return this.#watch.figures(this.#mode)
  }

  get #rows(): readonly Row[] {
    const { pool } = this.#session
    const rows = this.#figures?.rows ?? []
    return pool === null ? rows : rows.filter((row) => (row.pool ?? pool) === pool)
  }

  draw(): void {
    const figures = this.#figures
    if (figures === null || this.#over) return
    const { rows } = this.#screen.size
    const header = this.#help ? [] : headerOf(figures, this.#options)
    const above = [this.#title(figures), ...header.slice(0, Math.max(0, rows - LEAST_ROWS - 2))]
    const height = Math.max(0, rows - above.length - 1)
    const body = (this.#help ? helpLines() : this.#list(height)).slice(0, height)
    const gap = Array.from({ length: height - body.length }, () => plain(''))
    this.#screen.draw([...above, ...body, ...gap, this.#footer()])
  }

  #list(height: number): Line[] {
    return this.#inside === null
      ? this.#tables[this.#mode].lines(this.#rows, height)
      : this.#inside.table.lines(this.#inside.rows, height)
  }

  #title({ now: { loadavg, containers } }: Figures): Line {
    const time = this.#readAt.toTimeString().slice(0, 8)
    const state = [
      this.#mode,
      `every ${this.#options.rateMs / 1000}s`,
      ...(this.#paused ? ['paused'] : []),
    ]
    const load = loadavg.map((average) => average.toFixed(2)).join(' ')
    return [
      { text: `ct top ${time}`, style: 'bold' },
      ...plain(` ${state.join(', ')}; ${containers.length} containers run; load ${load}`),
      ...(this.#inside === null ? [] : styled(`; processes of ${this.#inside.name}`, 'bold')),
    ]
  }

  #footer(): Line {
    if (this.#typed !== null) return styled(`/${this.#typed}_`, 'bold')
    if (this.#message !== null) return styled(` ${this.#message} `, 'warning')
    const { filter } = this.#table
    return styled(filter === '' ? KEYS : `${KEYS}  filter: ${filter}`, 'dim')
  }
}

function other(mode: Mode): Mode {
  return mode === 'realtime' ? 'cumulative' : 'realtime'
}

function helpLines(): Line[] {
  return [
    plain(''),
    ...HELP.map(([key, meaning]): Line => [
      { text: ` ${key.padEnd(34)}`, style: 'bold' },
      ...plain(meaning),
    ]),
  ]
}
