// Rounds of lives of containers on a temporary host, and what is counted before, during and after.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host, type TemporaryOptions } from 'vpsadminos'
import { busyboxRoot } from '../helpers/busybox.js'
import { quickDirectory } from '../helpers/quick-directory.js'
import { upTo } from '../helpers/time.js'
import { readCounts, type Count, type Counted } from './counts.js'
import { live, type Place } from './life.js'
import { everythingOf, ownDescriptors, ownerOf, parentOf } from '../helpers/machine.js'
import { plants, type PlantName } from './plants.js'
import { Series, surplus, type Sample, type Trend } from './trend.js'

export interface SoakOptions {
  readonly rounds: number
  /** Of which none is counted: they fill what is kept for later. */
  readonly warmUp: number
  /** Rounds between two samples. */
  readonly every: number
  /** Lives at a time. */
  readonly parallel: number
  readonly cloneMode?: TemporaryOptions['cloneMode']
  readonly directory?: string | undefined
  /** A leak on purpose, in every fifth round. */
  readonly plant?: PlantName | undefined
  /** Whether counts of the whole machine decide. */
  readonly shared: boolean
}

export interface Progress {
  readonly round: number
  /** Rounds in a second, since the last one. */
  readonly rate: number
  readonly sample: Sample
}

export interface Outcome {
  readonly cloneMode: string
  readonly rounds: number
  readonly seconds: number
  readonly trends: readonly Trend[]
  /** What carries the host's names after it was closed. */
  readonly left: readonly string[]
}

const PLANT_EVERY = 5
const SETTLE_MS = 5000

/** @param quietInit a program that is an init, and ends at once when it is told to */
export class Soak {
  readonly host: Host
  readonly #place: Place
  readonly #counted: Counted
  readonly #undo: (() => unknown)[] = []
  #round = 0
  #baseline: readonly Count[] | null = null
  #closing: Promise<readonly string[]> | null = null

  private constructor(host: Host, place: Place, counted: Counted) {
    this.host = host
    this.#place = place
    this.#counted = counted
  }

  static async open(
    quietInit: string,
    options: Pick<SoakOptions, 'cloneMode' | 'directory'> = {},
  ): Promise<Soak> {
    const { cloneMode, directory = quickDirectory() } = options
    const host = await Host.temporary({ directory, cloneMode })
    const image = mkdtempSync(join(tmpdir(), 'vpsadminos-soak-'))
    try {
      execFileSync('cp', [quietInit, join(busyboxRoot(image), 'quiet-init')])
      await host.images.import({ path: image, distribution: 'busybox', version: '1' })
      const resident = await host.containers.create({
        id: 'resident',
        image: { distribution: 'busybox' },
        initCmd: ['/quiet-init'],
      })
      const { initPid } = await resident.start()
      const keeper = await host.keeperPid()
      return new Soak(
        host,
        { host, resident, bridge: addBridge(`${host.interfacePrefix}br`) },
        {
          ...ownerOf(host, keeper),
          roots: [process.pid, keeper],
          keeper,
          monitor: parentOf(initPid),
        },
      )
    } catch (error) {
      await host.close()
      throw error
    } finally {
      rmSync(image, { recursive: true, force: true })
    }
  }

  /** Whether this kernel makes bridges, and containers have interfaces. */
  get networked(): boolean {
    return this.#place.bridge !== null
  }

  /** So many more rounds, some at a time. */
  async run(count: number, parallel: number, plant?: PlantName): Promise<void> {
    const end = this.#round + count
    const lane = async (): Promise<void> => {
      while (this.#round < end) {
        const round = this.#round++
        await live(this.#place, round).catch((cause: unknown) => {
          throw new Error(`round ${round} failed`, { cause })
        })
        if (plant !== undefined && round % PLANT_EVERY === 0) await this.plant(plant)
      }
    }
    const lanes = await Promise.allSettled(Array.from({ length: parallel }, lane))
    for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  }

  async plant(name: PlantName): Promise<void> {
    this.#undo.push(await plants[name](this.host, this.#undo.length))
  }

  /** Takes back what was planted. */
  async weed(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo()
  }

  /**
   * Counts, as soon as nothing is on its way any more. The first ones are those that later ones wait for.
   *
   * @param patience how long it waits, in milliseconds; 0 counts what is there now
   */
  async sample(patience = SETTLE_MS): Promise<Sample> {
    const end = Date.now() + upTo(patience)
    let counts = this.#read()
    while (Date.now() < end) {
      await sleep(100)
      const again = this.#read()
      const settled = notMore(counts, again) && notMore(this.#baseline ?? counts, again)
      counts = again
      if (settled) break
    }
    this.#baseline ??= counts
    return { round: this.#round, counts }
  }

  /** The next sample is the first one. */
  begin(): void {
    this.#baseline = null
  }

  #read(): readonly Count[] {
    return readCounts(this.#counted)
  }

  /** Takes back what was planted and closes the host; tells what has its names after that. */
  close(): Promise<readonly string[]> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<readonly string[]> {
    await this.weed()
    await this.host.close()
    const { bridge } = this.#place
    if (bridge !== null) execFileSync('ip', ['link', 'delete', bridge])
    return await this.left()
  }

  /** What has its names, once nothing is on its way any more. */
  async left(): Promise<readonly string[]> {
    const owner = { ...this.#counted, roots: [this.#counted.keeper] }
    const end = Date.now() + upTo(SETTLE_MS)
    for (;;) {
      const left = everythingOf(owner)
      if (left.length === 0 || Date.now() > end) return left
      await sleep(100)
    }
  }
}

export async function soak(
  quietInit: string,
  options: SoakOptions,
  told: (progress: Progress) => void,
): Promise<Outcome> {
  const { rounds, warmUp, every, parallel, plant, shared } = options
  // The first ones load what stays loaded; libuv keeps its inotify instance.
  await (await Host.temporary()).close()
  watch(tmpdir()).close()
  const before = ownDescriptors()
  const opened = await Soak.open(quietInit, options)
  let left: readonly string[]
  const series = new Series()
  const begin = performance.now()
  const cloneMode = opened.host.pools.list()[0]?.cloneMode ?? 'unknown'
  try {
    await opened.run(warmUp, parallel)
    series.add(await opened.sample())
    for (let done = 0; done < rounds;) {
      const started = performance.now()
      const count = Math.min(every, rounds - done)
      await opened.run(count, parallel, plant)
      const rate = (1000 * count) / (performance.now() - started)
      done += count
      const sample = await opened.sample()
      series.add(sample)
      told({ round: done, rate, sample })
    }
  } finally {
    left = await opened.close()
  }
  const open = surplus(before, ownDescriptors()).map((link) => `descriptor of Node: ${link}`)
  const seconds = (performance.now() - begin) / 1000
  return { cloneMode, rounds, seconds, trends: series.trends({ shared }), left: [...left, ...open] }
}

function addBridge(name: string): string | null {
  try {
    execFileSync('ip', ['link', 'add', name, 'type', 'bridge'], { stdio: 'pipe' })
    return name
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer }
    console.error(`without network interfaces: ${stderr?.toString().trim() ?? String(error)}`)
    return null
  }
}

function notMore(before: readonly Count[], after: readonly Count[]): boolean {
  const values = new Map(before.map(({ name, value }) => [name, value]))
  return after.every(
    ({ name, value, rule }) => rule !== 'exact' || value <= (values.get(name) ?? 0),
  )
}
