// The receipt of a deletion names what there was in kernel and files, and what is left of it.
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { hierarchies } from '../../helpers/hierarchies.js'
import { busybox, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { onZfs } from '../../helpers/storage.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)

await t.test('of one that runs', async (t) => {
  const ct = await startedContainer(host, { id: 'one' })
  await startedContainer(host, { id: 'one-1', user: 'one' })
  const { initPid } = ct.show()
  const { gone, leftovers } = await ct.delete({ force: true })
  t.same(leftovers, [])
  t.match(gone[0], { type: 'cgroup', what: /\/user\.one\/ct\.one$/ })
  const paths = gone.filter(({ what }) => what.startsWith('/')).map(({ what }) => what)
  t.same(
    paths.filter((path) => existsSync(path)),
    [],
    'they are',
  )
  const types = (wanted: string): string[] =>
    gone.filter(({ type }) => type === wanted).map(({ what }) => what)
  t.equal(types('cgroup').length, hierarchies.length, 'in each hierarchy')
  t.same(types('process'), [String(initPid)])
  t.equal(types('directory').length, onZfs ? 1 : 2)
  t.equal(types('dataset').length, onZfs ? 1 : 0)
  t.match(types('file').join(), /conf\/ct\/one\.yml.*one\.console.*keeper\/plans\/tank:one/)
  t.same(types('user'), [], 'which another one has, too')
  t.equal(host.containers.get('one-1').state, 'running', 'whose cgroup has nearly the same name')

  const last = await host.containers.get('one-1').delete({ force: true })
  t.same(last.leftovers, [])
  t.match(last.gone.at(-1), { type: 'user', what: 'one' })
})

await t.test('of one that was never started', async (t) => {
  const ct = await host.containers.create({ id: 'new', image: busybox })
  const { gone, leftovers } = await ct.delete()
  t.same(leftovers, [])
  t.same([...new Set(gone.map(({ type }) => type))].sort(), [
    ...(onZfs ? ['dataset'] : []),
    ...['directory', 'file', 'user'],
  ])
})

await t.test('something is left', async (t) => {
  const ct = await startedContainer(host, { id: 'left' })
  await host.containers.create({ id: 'other', user: 'left', image: busybox })
  const beside = `${join(hierarchies[0] ?? '', ct.show().cgroup)}-1`
  mkdirSync(beside)
  const { gone, leftovers } = await ct.delete({ force: true })
  t.same(leftovers, [{ type: 'cgroup', what: beside }])
  t.notOk(gone.some(({ what }) => what === beside))
  rmdirSync(beside)
})
