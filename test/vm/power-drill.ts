// Life after life on one disk, each from boot until its power is cut in the middle of changes; and what
// the next one finds wrong.
import { setTimeout as sleep } from 'node:timers/promises'
import { wrongs, type Change, type Contents, type Found, type Said } from './changes.js'
import { projectInGuest, type Lab } from './lab.js'
import { VolatileDisk } from './volatile-disk.js'

/** Scripts of the guest, run in the project. */
export interface DrillScripts {
  /** Makes a filesystem on the data disk, and a pool on it with an image. */
  readonly make: string
  /** Mounts it and becomes programs/changes.js. */
  readonly change: string
}

export interface DrillReport {
  /** What was wrong after each cut. */
  readonly wrong: readonly string[][]
  /** How often each change was done. */
  readonly done: Readonly<Record<string, number>>
  /** How often each one was under way when the power was cut. */
  readonly cut: Readonly<Record<string, number>>
}

export interface DrillOptions {
  readonly cuts: number
  /** For who changes things. */
  readonly env?: Readonly<Record<string, string>>
  /** Ends it before, as soon as something was wrong. */
  readonly untilWrong?: boolean
}

interface Life {
  readonly lines: readonly Said[]
  /** How many lines had come when the power was cut. */
  readonly acknowledged: number
}

export async function drill(
  lab: Lab,
  scripts: DrillScripts,
  { cuts, env = {}, untilWrong = false }: DrillOptions,
): Promise<DrillReport> {
  await using disk = new VolatileDisk()
  await make(lab, disk, scripts)
  let before: Contents = { containers: [], received: [] }
  let last: Life = { lines: [], acknowledged: 0 }
  const wrong: string[][] = []
  const done: Record<string, number> = {}
  const cut: Record<string, number> = {}
  for (let round = 0; round <= cuts; round++) {
    const life = await live(lab, disk, scripts, env)
    const found = foundIn(life)
    if (round > 0) {
      const what = wrongs(before, last.lines, last.acknowledged, found)
      wrong.push(what)
      if (untilWrong && what.length > 0) break
    }
    before = found
    last = life
    for (const said of life.lines) {
      if (said.type === 'done') count(done, said.change)
    }
    for (const change of underWay(life)) count(cut, change)
  }
  return { wrong, done, cut }
}

function count(counts: Record<string, number>, { what }: Change): void {
  counts[what] = (counts[what] ?? 0) + 1
}

/** What had begun, and was not known to be done. */
function underWay({ lines, acknowledged }: Life): Change[] {
  const open = new Map<string, Change>()
  for (const said of lines.slice(0, acknowledged)) {
    if (said.type === 'begin') open.set(JSON.stringify(said.change), said.change)
    if (said.type === 'done') open.delete(JSON.stringify(said.change))
  }
  return [...open.values()]
}

async function make(lab: Lab, disk: VolatileDisk, scripts: DrillScripts): Promise<void> {
  await using machine = await lab.machine({ data: await disk.drive() })
  await machine.shell(scripts.make, { cwd: projectInGuest, env: lab.env })
}

/** From boot to cut, at some time after the first change was done. */
async function live(
  lab: Lab,
  disk: VolatileDisk,
  scripts: DrillScripts,
  env: Readonly<Record<string, string>>,
): Promise<Life> {
  await using machine = await lab.machine({ data: await disk.drive() })
  const lines: Said[] = []
  let rest = ''
  let first: () => void
  const began = new Promise<void>((resolve) => (first = resolve))
  const running = machine
    .run(['sh', '-ec', scripts.change], {
      cwd: projectInGuest,
      env: { ...lab.env, ...env },
      onOutput: (data, stream) => {
        if (stream === 'stderr') return
        const parts = (rest + data.toString()).split('\n')
        rest = parts.pop() ?? ''
        lines.push(...parts.map((line) => JSON.parse(line) as Said))
        if (lines.some(({ type }) => type === 'done')) first()
      },
    })
    .then(({ stderr }) => {
      throw new Error(`it ended by itself: ${stderr}`)
    })
  // Which it does when the power is cut.
  running.catch(() => undefined)
  await Promise.race([began, running])
  await Promise.race([sleep(Math.random() * 200 * lab.accelerator.timeFactor), running])
  const acknowledged = lines.length
  await disk.cut()
  // What was on the way to us when it was cut.
  await sleep(100 * lab.accelerator.timeFactor)
  return { lines, acknowledged }
}

function foundIn({ lines }: Life): Found {
  const [first] = lines
  if (first?.type !== 'found') throw new Error('it did not say what it has found')
  return first
}
