// Files of many cgroups that are read again and again stay open: as many as there may be, and of what is there.
import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { sleeper, testCgroup } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'cgroup')
const MANY = 40
/** Lists, each read by two threads, after which what nobody asks for is closed. */
const FORGOTTEN = 5

/** Descriptors of files whose paths hold that. */
const open = (what: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes(what)
    } catch {
      return false
    }
  }).length

await t.test('of cgroups that come and go', async (t) => {
  const { dir } = testCgroup(t)
  const cgroups = Cgroups.mounted()
  const paths = Array.from({ length: MANY }, (_, index) => `${dir.path}/${index}`)
  const figures = ['pids'] as const
  const pids = async (): Promise<(number | null)[]> =>
    (await cgroups.stats(paths, figures)).map((one) => one.pids)
  const known = Array<number | null>(MANY).fill(0)
  await dir.create()
  await cgroups.stats(paths.slice(0, 5), figures)
  t.equal(open(dir.path), 0, 'of few, none')
  t.same(await pids(), Array(MANY).fill(null), 'nor of what there is not')
  t.equal(open(dir.path), 0)
  for (const path of paths) await cgroups.dir(path).create()
  for (let round = 0; round < 3; round++) t.same(await pids(), known)
  t.equal(open(dir.path), MANY)

  const { pid } = await sleeper(t)
  await cgroups.dir(paths[3] ?? '').join(pid)
  t.same((await pids()).slice(3, 5), [1, 0], 'what they say now, and not what they said')
  await cgroups.dir(paths[4] ?? '').join(pid)
  t.same((await pids()).slice(3, 5), [0, 1])
  await cgroups.dir(paths[39] ?? '').join(pid)

  await cgroups.dir(paths[7] ?? '').remove()
  t.same(await cgroups.dir(paths[7] ?? '').exists(), [], 'an open file keeps none from going')
  t.equal((await pids())[7], null)
  t.equal(open(dir.path), MANY - 1, 'and is closed then, also where it is asked for still')
  await cgroups.dir(paths[7] ?? '').create()
  t.equal((await pids())[7], 0, 'another one of that name')

  for (const path of paths.slice(0, 8)) await cgroups.dir(path).remove()
  for (let list = 0; list < FORGOTTEN; list++) await cgroups.stats(paths.slice(8), figures)
  t.equal(open(dir.path), MANY - 8, 'what nobody asks for any more is closed')
  await Promise.all(Array.from({ length: 20 }, pids))
  t.equal(open(dir.path), MANY - 8, 'by many at once as well')
  cgroups.close()
  t.equal(open(dir.path), 0)
})

await t.test('where a process may have few descriptors', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.create()
  for (let index = 0; index < 200; index++) await dir.dir(String(index)).create()
  const script = `
    import { readdirSync } from 'node:fs'
    import { Cgroups } from '${import.meta.resolve('../../../dist/cgroup/cgroups.js')}'
    const cgroups = Cgroups.mounted()
    const before = readdirSync('/proc/self/fd').length
    const paths = Array.from({ length: 200 }, (_, index) => '${dir.path}/' + index)
    for (let round = 0; round < 3; round++) {
      const stats = await cgroups.stats(paths, ['pids'])
      if (!stats.every(({ pids }) => pids === 0)) throw new Error(JSON.stringify(stats))
    }
    console.log(readdirSync('/proc/self/fd').length - before)`
  const run = 'ulimit -n 160; exec "$0" --input-type=module -e "$1"'
  const told = execFileSync('sh', ['-c', run, process.execPath, script], { encoding: 'utf8' })
  t.equal(Number(told), 40, 'a quarter of them is for this')
  t.equal((await cgroups.stats([`${dir.path}/0`]))[0]?.pids, 0)
})
