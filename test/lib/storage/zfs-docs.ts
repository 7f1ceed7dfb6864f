// What docs/zfs.md shows is so: its examples run.
import { readFileSync } from 'node:fs'
import { Host } from 'vpsadminos'
import { importBusybox, startedContainer } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const examples = [...readFileSync('docs/zfs.md', 'utf8').matchAll(/```js\n([^]*?)```/g)].map(
  ([, code = '']) => code,
)
const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...values: unknown[]) => Promise<Record<string, unknown>>

const host = await Host.temporary({ dataset: testPool(t) })
t.teardown(() => host.close())
await importBusybox(t, host)
await startedContainer(host, { id: 'db1' })
const ct = await startedContainer(host, { id: 'web1' })

async function run(part: string, names: readonly string[]): Promise<Record<string, unknown>> {
  const [code = '', ...more] = examples.filter((example) => example.includes(part))
  if (code === '' || more.length > 0) throw new Error(`not one example with '${part}'`)
  const body = `${code}\nreturn { ${names.join(', ')} }`
  return await new AsyncFunction('host', 'ct', 'console', body)(host, ct, { log: () => {} })
}

await t.test('snapshots', async (t) => {
  t.match(await run('before-upgrade', ['oldest']), {
    oldest: { name: 'before-upgrade', aside: false },
  })
  await run('nightly', [])
  t.match((await host.containers.get('db1').snapshots.list())[0], { name: 'nightly' })
})

await t.test('the trash', async (t) => {
  await ct.delete()
  const { destroyed, left } = await run('prune', ['destroyed', 'left'])
  t.match(destroyed, [/\/trash\/ct-web1\./])
  t.same(left, [])
})
