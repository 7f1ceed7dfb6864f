// Freezing and thawing, nested, in both freezers.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import { ended, testCgroup } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'cgroup')

// Handles SIGTERM, so that the signal is not fatal: v2's freezer lets go of what is to be killed.
async function polite(t: Test): Promise<ChildProcess & { pid: number }> {
  const script = 'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000)'
  const child = spawn(process.execPath, ['-e', `${script}; console.log("ready")`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child as typeof child & { pid: number }
}

function inEach(
  t: Test,
  name: string,
  work: (t: Test, all: Cgroups, path: string) => Promise<void>,
) {
  for (const version of [1, 2] as const) {
    void t.test(`${name}, v${version}`, async (t) => {
      const { cgroups, dir } = testCgroup(t)
      const list = cgroups.hierarchies.filter(
        (one) => one.version === version && (version === 2 || one.controllers.includes('freezer')),
      )
      if (list.length === 0) {
        t.comment(`no v${version} freezer here`)
        return
      }
      const only = Cgroups.at(list)
      t.teardown(() => only.close())
      await work(t, only, dir.path)
    })
  }
}

inEach(t, 'holds for everything below, and lets go', async (t, cgroups, path) => {
  const dir = cgroups.dir(path)
  await dir.dir('a/b').create({ enableControllers: false })
  const child = await polite(t)
  await dir.dir('a/b').join(child.pid)
  t.equal(await dir.frozen(), false)
  await dir.freeze()
  t.equal(await dir.frozen(), true)
  t.equal(await dir.dir('a/b').frozen(), true)
  child.kill('SIGTERM')
  await sleep(100)
  t.equal(child.exitCode, null, 'does not run, so it does not see the signal')
  await dir.thaw()
  t.equal(await dir.frozen(), false)
  t.same(await ended(child), { code: 7, signal: null }, 'the signal waited for the thaw')
})

inEach(t, 'thaws what was frozen further down', async (t, cgroups, path) => {
  const dir = cgroups.dir(path)
  await dir.dir('inner').create({ enableControllers: false })
  await dir.dir('inner').freeze()
  await dir.freeze()
  await dir.thaw()
  t.equal(await dir.dir('inner').frozen(), false)
})

inEach(t, 'a freeze that is taken back leaves what was frozen before', async (t, cgroups, path) => {
  const dir = cgroups.dir(path)
  await dir.dir('inner').create({ enableControllers: false })
  await dir.dir('inner').freeze()
  await dir.freeze()
  await dir.thaw({ below: false })
  t.equal(await dir.frozen(), false)
  t.equal(await dir.dir('inner').frozen(), true)
  await dir.thaw()
  t.equal(await dir.dir('inner').frozen(), false)
})

inEach(t, 'twice is fine, and so is an empty one', async (t, cgroups, path) => {
  const dir = cgroups.dir(path)
  await dir.create({ enableControllers: false })
  await dir.freeze()
  await dir.freeze()
  t.equal(await dir.frozen(), true)
  await dir.thaw()
  await dir.thaw()
  t.equal(await dir.frozen(), false)
})

t.test('on hybrid it is the v1 freezer, which liblxc looks at', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const legacy = cgroups.hierarchies.find(({ controllers }) => controllers.includes('freezer'))
  if (legacy?.version !== 1) {
    t.comment('no v1 freezer here')
    return
  }
  await dir.create()
  await dir.freeze()
  t.equal(await readFile(join(legacy.mountpoint, dir.path, 'freezer.state'), 'utf8'), 'FROZEN\n')
  await dir.thaw()
})

t.test('what never freezes is thawed again: ETIMEDOUT', async (t) => {
  // A directory stands for a hierarchy whose kernel never says that it holds.
  const inner = { 'cgroup.freeze': '1' }
  const top = t.testdir({
    a: { 'cgroup.freeze': '0', 'cgroup.events': 'populated 1\nfrozen 0\n', inner },
  })
  const cgroups = Cgroups.at([{ version: 2, controllers: [], mountpoint: top }])
  t.teardown(() => cgroups.close())
  const begin = performance.now()
  await t.rejects(cgroups.dir('a').freeze({ timeoutMs: 100 }), { code: 'ETIMEDOUT' })
  t.ok(performance.now() - begin >= 95)
  t.equal(await readFile(join(top, 'a/cgroup.freeze'), 'utf8'), '0')
  t.equal(await readFile(join(top, 'a/inner/cgroup.freeze'), 'utf8'), '1', 'it was so before')
  writeFileSync(join(top, 'a/cgroup.events'), 'populated 1\nfrozen 1\n')
  await cgroups.dir('a').freeze({ timeoutMs: 100 })
})

t.test('what does not exist is ENOENT', async (t) => {
  const { dir } = testCgroup(t)
  await t.rejects(dir.freeze(), { code: 'ENOENT' })
  await t.rejects(dir.thaw(), { code: 'ENOENT' })
  await t.rejects(dir.frozen(), { code: 'ENOENT' })
})
