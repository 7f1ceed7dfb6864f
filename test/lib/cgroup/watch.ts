// The kernel's events of a cgroup.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readlinkSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import type { CgroupDir } from '../../../lib/cgroup/cgroup-dir.js'
import type { CgroupEvent, CgroupWatch } from '../../../lib/cgroup/cgroup-watch.js'
import { ended, sleeper, testCgroup } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'cgroup', 'cgroup2')

// Not for ever.
async function next(watch: CgroupWatch, type: CgroupEvent['type']): Promise<CgroupEvent> {
  const timer = setTimeout(() => watch.close(), upTo(10_000))
  try {
    for (;;) {
      const { done, value } = await watch.next()
      if (done === true) throw new Error(`no ${type} event`)
      if (value.type === type) return value
    }
  } finally {
    clearTimeout(timer)
  }
}

t.test('tells how it is, then what changes', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  await using watch = dir.watch()
  t.same(await next(watch, 'populated'), { type: 'populated', populated: false })
  const child = await sleeper(t)
  await dir.join(child.pid)
  t.same(await next(watch, 'populated'), { type: 'populated', populated: true })
  child.kill('SIGKILL')
  t.same(await next(watch, 'populated'), { type: 'populated', populated: false })
})

t.test('a process further down counts', async (t) => {
  const { dir } = testCgroup(t)
  await dir.dir('a/b').create()
  await using watch = dir.watch()
  await next(watch, 'populated')
  await dir.dir('a/b').join((await sleeper(t)).pid)
  t.same(await next(watch, 'populated'), { type: 'populated', populated: true })
})

// As on a machine that has no v1.
function unifiedAlone(t: Test, { cgroups, dir }: { cgroups: Cgroups; dir: CgroupDir }): CgroupDir {
  const unified = Cgroups.at(cgroups.hierarchies.filter(({ version }) => version === 2))
  t.teardown(() => unified.close())
  return unified.dir(dir.path)
}

t.test('tells of the v2 freezer', async (t) => {
  const cgroup = testCgroup(t)
  await cgroup.dir.create()
  const dir = unifiedAlone(t, cgroup)
  await using watch = dir.watch()
  t.same(await next(watch, 'frozen'), { type: 'frozen', frozen: false })
  await dir.write('', 'cgroup.freeze', '1')
  t.same(await next(watch, 'frozen'), { type: 'frozen', frozen: true })
  await dir.write('', 'cgroup.freeze', '0')
  t.same(await next(watch, 'frozen'), { type: 'frozen', frozen: false })
})

t.test('says nothing of freezing where v1 does it', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  if (cgroups.version('freezer') !== 1) return t.pass('the freezer is of v2 here')
  await dir.create()
  await using watch = dir.watch()
  // What goes away before it was looked at is only told to have gone.
  await next(watch, 'populated')
  await dir.freeze()
  await dir.write('', 'cgroup.freeze', '1')
  await dir.write('', 'cgroup.freeze', '0')
  await dir.thaw()
  await dir.remove()
  const types: string[] = []
  for await (const { type } of watch) {
    types.push(type)
    if (type === 'removed') break
  }
  t.equal(types.at(-1), 'removed')
  t.notOk(types.includes('frozen'))
})

t.test('options that there are not', async (t) => {
  const { dir } = testCgroup(t)
  t.throws(() => dir.watch({ sig: 1 } as never), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'watch.sig',
  })
})

// Runs into the limit, which ends it.
async function exhaust(dir: CgroupDir): Promise<void> {
  const child = spawn('sh', ['-c', 'read go; exec tail /dev/zero'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await dir.join(child.pid ?? -1)
  child.stdin?.end('go\n')
  if ((await ended(child)).signal !== 'SIGKILL') throw new Error('was not killed')
}

t.test('tells of a lack of memory, and counts who was killed, also further down', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const v1 = cgroups.version('memory') === 1
  await dir.dir('inner').create()
  await dir.write('memory', v1 ? 'memory.limit_in_bytes' : 'memory.max', String(16 << 20))
  if (!v1) await dir.write('memory', 'memory.swap.max', '0')
  t.equal(await dir.oomKills(), 0)
  await using watch = dir.watch()
  await exhaust(dir.dir('inner'))
  t.same(await next(watch, 'oom'), { type: 'oom', kills: v1 ? null : 1 })
  t.equal(await dir.oomKills(), 1)
  // In v2, what has controllers for its children has no processes of its own.
  await exhaust(v1 ? dir : dir.dir('inner'))
  await next(watch, 'oom')
  t.equal(await dir.oomKills(), 2)
})

t.test('tells once that the cgroup is gone', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  await using watch = dir.watch()
  await next(watch, 'populated')
  await dir.remove()
  t.same(await next(watch, 'removed'), { type: 'removed' })
  await sleep(50)
  watch.close()
  t.same(await watch.next(), { done: true, value: undefined })
})

t.test('also where there is only v2, for each of several, and for whoever looks on', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.create()
  const unified = Cgroups.at(cgroups.hierarchies.filter(({ version }) => version === 2))
  t.teardown(() => unified.close())
  const [one, two] = [unified.dir(`${dir.path}/one`), unified.dir(`${dir.path}/two`)]
  await one.create()
  await two.create()
  await using first = one.watch()
  await using again = one.watch()
  await using second = two.watch()
  rmdirSync(join(unified.hierarchies[0]?.mountpoint ?? '', one.path))
  t.same(await next(first, 'removed'), { type: 'removed' })
  t.same(await next(again, 'removed'), { type: 'removed' })
  await dir.remove()
  t.same(await next(second, 'removed'), { type: 'removed' }, 'and nothing before')
  t.throws(() => one.watch(), { code: 'ENOENT', path: one.path })
})

t.test('a new cgroup is not taken for the former one of its name', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const unified = Cgroups.at(cgroups.hierarchies.filter(({ version }) => version === 2))
  t.teardown(() => unified.close())
  const [kept, again] = [unified.dir(`${dir.path}/kept`), unified.dir(`${dir.path}/again`)]
  await kept.create()
  await again.create()
  await using _other = kept.watch()
  const path = join(unified.hierarchies[0]?.mountpoint ?? '', again.path)
  rmdirSync(path)
  mkdirSync(path)
  await using watch = again.watch()
  const seen: string[] = []
  const reading = (async () => {
    for await (const { type } of watch) if (seen.push(type) && type === 'removed') break
  })()
  await sleep(100)
  t.notOk(seen.includes('removed'))
  rmdirSync(path)
  await reading
  t.ok(seen.includes('removed'))
})

t.test('without an inotify instance it takes a second', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.create()
  const unified = cgroups.hierarchies.filter(({ version }) => version === 2)
  const script = `
    import { Cgroups } from ${JSON.stringify(import.meta.resolve('../../../lib/cgroup/cgroups.js'))}
    const watch = Cgroups.at(${JSON.stringify(unified)}).dir('${dir.path}').watch()
    for await (const { type } of watch) {
      console.log(type)
      if (type === 'removed') break
    }`
  const node = [process.execPath, ...process.execArgv, '--input-type=module', '-e', script]
  const none = 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"'
  const child = spawn('unshare', ['--user', '--map-root-user', 'sh', '-c', none, 'sh', ...node], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (said.push(line) === 1) await dir.remove()
  }
  t.equal(said.at(-1), 'removed')
})

t.test('many of them need one inotify instance', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const instances = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('inotify')
      } catch {
        return false // the directory that is being read
      }
    }).length
  const unified = Cgroups.at(cgroups.hierarchies.filter(({ version }) => version === 2))
  t.teardown(() => unified.close())
  const before = instances()
  const dirs = Array.from({ length: 200 }, (_, i) => unified.dir(`${dir.path}/${i}`))
  for (const one of dirs) await one.create()
  const watches = dirs.map((one) => one.watch())
  t.equal(instances(), before + 1)
  await dir.remove()
  const told = await Promise.all(watches.map((watch) => next(watch, 'removed')))
  t.equal(told.length, 200)
  for (const watch of watches) watch.close()
  t.equal(instances(), before, 'none when nobody watches')
})

t.test('a reader that is late hears how it is last', async (t) => {
  const cgroup = testCgroup(t)
  await cgroup.dir.create()
  const dir = unifiedAlone(t, cgroup)
  await using watch = dir.watch()
  for (let round = 0; round < 20; round++) {
    await dir.write('', 'cgroup.freeze', '1')
    await dir.write('', 'cgroup.freeze', '0')
    await sleep(2)
  }
  await sleep(upTo(50))
  const events = [(await watch.next()).value, (await watch.next()).value]
  t.same(events.map((event) => event?.type).sort(), ['frozen', 'populated'])
  t.ok(events.some((event) => event?.type === 'frozen' && !event.frozen))
})

t.test('leaving the loop ends it', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  const watch = dir.watch()
  for await (const event of watch) {
    t.equal(event.type, 'populated')
    break
  }
  t.same(await watch.next(), { done: true, value: undefined })
})

t.test('abort before: nothing is opened; in the middle: the reason comes out', async (t) => {
  const cgroup = testCgroup(t)
  await cgroup.dir.create()
  const dir = unifiedAlone(t, cgroup)
  const reason = new Error('enough')
  t.throws(() => dir.watch({ signal: AbortSignal.abort(reason) }), reason)
  const controller = new AbortController()
  const watch = dir.watch({ signal: controller.signal })
  await next(watch, 'populated')
  await watch.next()
  const waiting = watch.next()
  controller.abort(reason)
  await t.rejects(waiting, reason)
  await t.rejects(watch.next(), reason)
})

t.test('a watch that is not persistent lets the process end', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  const script = `
    import { Cgroups } from ${JSON.stringify(import.meta.resolve('../../../lib/cgroup/cgroups.js'))}
    const watch = Cgroups.mounted().dir('${dir.path}').watch({ persistent: false })
    for await (const event of watch) console.log(event.type)`
  const args = [...process.execArgv, '--input-type=module', '-e', script]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore'] })
  t.equal((await ended(child)).signal, null, 'ended by itself')
})

t.test('what does not exist is ENOENT', async (t) => {
  const { dir } = testCgroup(t)
  t.throws(() => dir.watch(), { code: 'ENOENT', path: dir.path })
})
