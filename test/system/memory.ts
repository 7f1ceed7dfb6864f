// What a running container costs on the host: the private memory of its monitor.
import { readFileSync } from 'node:fs'
import { requires } from '../helpers/requires.js'
import { importBusybox, systemHost } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'tar')

const COUNT = 20
const MOST_KB = 300

const host = await systemHost(t)
await importBusybox(t, host)

function privateKb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1])
  return field('Private_Clean') + field('Private_Dirty')
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

await t.test(`the monitors of ${COUNT} containers`, async (t) => {
  const containers = await Promise.all(
    Array.from({ length: COUNT }, (_, i) =>
      host.containers.create({ id: `ct${i}`, image: { distribution: 'busybox' } }),
    ),
  )
  const starts = await Promise.all(containers.map((ct) => ct.start()))
  // It may have had something to do meanwhile.
  for (const ct of containers) {
    t.equal((await ct.exec(['true'])).exitCode, 0)
    await using console = ct.console()
    await console.write('\n')
  }
  const monitors = starts.map(({ initPid }) => parentOf(initPid))
  t.equal(new Set(monitors).size, COUNT)
  const kb = monitors.map((pid) => privateKb(pid)).sort((a, b) => a - b)
  t.comment(`private memory of a monitor: ${kb[0]} to ${kb.at(-1)} kB`)
  // A sanitizer's shadow of the memory is private too.
  if (process.env['ASAN_OPTIONS'] === undefined) {
    t.ok((kb.at(-1) ?? Infinity) <= MOST_KB, `each at most ${MOST_KB} kB`)
  }
  t.ok((kb[COUNT >> 1] ?? 0) > 4, 'and it was really measured')
  for (const pid of monitors) {
    t.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '[lxc monitor]')
    t.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Threads:\t1$/m)
  }
})

await t.test('what others do for long costs a monitor nothing', async (t) => {
  const [kept, other] = [host.containers.get('ct0'), host.containers.get('ct1')]
  const { initPid } = kept.show()
  const monitor = parentOf(initPid ?? -1)
  const before = privateKb(monitor)
  for (let i = 0; i < 100; i++) {
    await other.kill()
    await other.start()
  }
  const after = privateKb(monitor)
  t.comment(`private memory: ${before} kB before, ${after} kB after 100 starts of another one`)
  if (process.env['ASAN_OPTIONS'] === undefined) t.ok(after <= MOST_KB)
  t.ok(after > 4, 'and it was really measured')
})
