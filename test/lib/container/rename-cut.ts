// What a rename that was cut off has left is taken back, or brought to its end, by the next import.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StatePaths } from '../../../dist/host/paths.js'
import { busybox, temporaryHost, text } from '../../helpers/host.js'
import { containersOn, optionsOf, renameOn } from '../../helpers/storage.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const pool = host.pools.get('tank').show()
const { path } = pool

const file = (id: string): string => join(path, 'conf/ct', `${id}.yml`)
const log = (id: string): string => join(path, 'log/ct', `${id}.console`)

/** A container `from` on its way to be `to`, with the pool exported. */
async function cutOff(from: string, to: string): Promise<void> {
  await host.containers.create({ id: from, image: busybox, memoryLimit: '64 MiB' })
  await host.pools.export('tank')
  const mark = `  renaming:\n    from: ${from}\n    to: ${to}\n`
  const content = readFileSync(file(from), 'utf8')
  writeFileSync(file(from), content.replace(/^vpsadminos:\n/m, `vpsadminos:\n${mark}`))
}

await t.test('before its directory was moved', async (t) => {
  await cutOff('a1', 'b1')
  await host.pools.import(optionsOf(pool))
  t.equal(host.containers.find('b1'), null)
  t.match(await text(await host.containers.get('a1').pull('/etc/hostname')), /^a1\n$/)
  t.notMatch(readFileSync(file('a1'), 'utf8'), /renaming/)
})

await t.test('before its file was moved', async (t) => {
  await cutOff('a2', 'b2')
  renameOn(pool, 'a2', 'b2')
  await host.pools.import(optionsOf(pool))
  t.equal(host.containers.find('b2'), null)
  t.notOk(containersOn(pool).includes('b2'))
  await host.containers.get('a2').start()
  await host.containers.get('a2').kill()
  t.notMatch(readFileSync(file('a2'), 'utf8'), /renaming/)
})

await t.test('after its file was moved', async (t) => {
  await cutOff('a3', 'b3')
  renameOn(pool, 'a3', 'b3')
  renameSync(file('a3'), file('b3'))
  t.ok(existsSync(log('a3')))
  // Which have started by themselves, and do not again.
  const started = new StatePaths(host.stateDir).startedList('tank')
  mkdirSync(dirname(started), { recursive: true })
  writeFileSync(started, 'a3\n')
  await host.pools.import(optionsOf(pool))
  t.equal(readFileSync(started, 'utf8'), 'b3\n')
  t.equal(host.containers.find('a3'), null)
  t.match(host.containers.show('b3'), { memoryLimit: 64 * 2 ** 20 })
  t.match(await text(await host.containers.get('b3').pull('/etc/hostname')), /^b3\n$/)
  t.ok(existsSync(log('b3')))
  t.notOk(existsSync(log('a3')))
  t.notMatch(readFileSync(file('b3'), 'utf8'), /renaming/)
})

await t.test("another container's directory is left to it", async (t) => {
  await host.containers.create({ id: 'b4', image: busybox })
  await cutOff('a4', 'b4')
  renameOn(pool, 'a4', null)
  await host.pools.import(optionsOf(pool))
  t.ok(containersOn(pool).includes('b4'))
  t.match(await text(await host.containers.get('b4').pull('/etc/hostname')), /^b4\n$/)
})
