// The engine when the power is cut while it creates, changes, renames and deletes containers: what it
// has acknowledged is there, everything else is there wholly or not at all, and every file can be read.
import { setTimeout as sleep } from 'node:timers/promises'
import { requires } from '../../helpers/requires.js'
import { wrongs, type Found, type FoundContainer, type Said } from '../changes.js'
import { Lab, projectInGuest } from '../lab.js'
import { VolatileDisk } from '../volatile-disk.js'

const t = requires('root', 'qemu', 'mmdebstrap', 'nbdkit')
t.setTimeout(0)

const cuts = Number(process.env['VM_CUTS'] ?? 20)
const lab = await Lab.open()
t.teardown(() => lab[Symbol.asyncDispose]())

const mount = 'mount "$(/usr/lib/lab/find-disk data)" /srv/power'
const make = `
  mkfs.ext4 -q "$(/usr/lib/lab/find-disk data)"
  mkdir -p /srv/power
  ${mount}
  images/busybox/build.sh /srv/power/busybox.tar
  node test/vm/programs/changes.js /srv/power --install
  umount /srv/power
`
const change = `
  mkdir -p /srv/power
  ${mount}
  exec node test/vm/programs/changes.js /srv/power
`

async function install(disk: VolatileDisk): Promise<void> {
  await using machine = await lab.machine({ data: await disk.drive() })
  const { code, stderr } = await machine.run(['sh', '-ec', make], {
    cwd: projectInGuest,
    env: lab.env,
  })
  if (code !== 0) throw new Error(stderr)
}

interface Life {
  readonly lines: readonly Said[]
  /** How many lines had come when the power was cut. */
  readonly acknowledged: number
}

/** From boot to cut, at some time after the first change was done. */
async function live(disk: VolatileDisk, env: Readonly<Record<string, string>>): Promise<Life> {
  await using machine = await lab.machine({ data: await disk.drive() })
  const lines: Said[] = []
  let rest = ''
  let first: () => void
  const began = new Promise<void>((resolve) => (first = resolve))
  const running = machine
    .run(['sh', '-ec', change], {
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
  running.catch(() => undefined)
  await Promise.race([began, running])
  await sleep(Math.random() * 200 * lab.accelerator.timeFactor)
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

/** What was wrong after each cut, up to the one after which it is enough. */
async function drill(
  disk: VolatileDisk,
  rounds: number,
  env: Readonly<Record<string, string>> = {},
  enough: (wrong: readonly string[]) => boolean = () => false,
): Promise<{ wrong: string[][]; changes: number }> {
  let before: readonly FoundContainer[] = []
  let last: Life = { lines: [], acknowledged: 0 }
  const wrong: string[][] = []
  let changes = 0
  for (let round = 0; round <= rounds; round++) {
    const life = await live(disk, env)
    const found = foundIn(life)
    if (round > 0) {
      const what = wrongs(before, last.lines, last.acknowledged, found)
      wrong.push(what)
      if (enough(what)) break
    }
    before = found.containers
    last = life
    changes += life.lines.filter(({ type }) => type === 'done').length
  }
  return { wrong, changes }
}

t.test(`${cuts} cuts`, async (t) => {
  await using disk = new VolatileDisk()
  await install(disk)
  const { wrong, changes } = await drill(disk, cuts)
  t.comment(`${changes} changes were done`)
  t.ok(changes >= cuts, 'every time something was under way')
  for (const [round, what] of wrong.entries()) t.same(what, [], `after cut ${round + 1}`)
})

t.test('the same without our fsync', async (t) => {
  await using disk = new VolatileDisk()
  await install(disk)
  const preload = '/usr/lib/x86_64-linux-gnu/libeatmydata.so'
  const { wrong } = await drill(disk, 10, { LD_PRELOAD: preload }, (what) => what.length > 0)
  t.ok(wrong.flat().length > 0, 'something is lost')
  t.comment(wrong.flat().join('\n'))
})
