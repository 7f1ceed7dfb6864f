// docs/settings.md is complete, says what takes effect when, and its examples run.
import { readFileSync } from 'node:fs'
import { NEXT_START, type SettingName } from '../../dist/container/settings.js'
import { autostart } from '../../dist/schema/autostart.js'
import { cgparamInput } from '../../dist/schema/cgparam.js'
import {
  containerSettings,
  copySettings,
  createOptions,
  imageQuery,
  netif,
} from '../../dist/schema/container.js'
import { PRLIMIT_NAMES } from '../../dist/schema/prlimits.js'
import { busyboxImage, temporaryHost } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const text = readFileSync('docs/settings.md', 'utf8')
const [main = '', ...sections] = text.split(/^## /m)
const rows = (part: string) =>
  [...part.matchAll(/^\| `(\w+)` .*\| *(.*?) *\|$/gm)].map(([, name = '', last = '']) => ({
    name,
    last,
  }))
const section = (name: string) => sections.find((part) => part.startsWith(`${name}\n`)) ?? ''

t.test('every setting and every option has its row', async (t) => {
  const names = rows(main).map(({ name }) => name)
  t.same([...names].sort(), Object.keys(createOptions.shape).sort())
  for (const key of Object.keys(imageQuery.shape)) t.ok(main.includes(`\`${key}\``), key)
  const parts = {
    netif,
    autostart,
    Copies: copySettings,
    cgparams: cgparamInput.in as unknown as typeof netif,
  }
  for (const [name, { shape }] of Object.entries(parts)) {
    const fields = rows(section(name)).map((row) => row.name)
    t.same(fields.sort(), Object.keys(shape).sort(), name)
  }
  const named = [...section('prlimits').matchAll(/`(\w+)`/g)].map(([, name]) => name)
  for (const name of PRLIMIT_NAMES) t.ok(named.includes(name), name)
})

t.test('what takes effect when', async (t) => {
  const settings = rows(main).filter(({ name }) => name in containerSettings.shape)
  for (const { name, last } of settings) {
    t.equal(last, NEXT_START.has(name as SettingName) ? 'the next start' : 'at once', name)
  }
})

t.test('the examples', async (t) => {
  const host = await temporaryHost(t)
  await host.images.import({ path: busyboxImage(t), distribution: 'debian', version: '12' })
  const image = { distribution: 'debian' }
  const ct = await host.containers.create({ id: 'web1', image })
  const examples = [...text.matchAll(/```js\n([^]*?)```/g)].map(([, code = '']) => code)
  t.ok(examples.length >= 6)
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...values: unknown[]) => Promise<void>
  for (const code of examples) {
    await t.resolves(new AsyncFunction('host', 'ct', code)(host, ct), code)
  }
  t.match(host.containers.show('web2'), { memoryLimit: 2 ** 29, cpuLimit: 150 })
  t.match(ct.show(), { netif: { link: 'br0' }, autostart: { priority: 10 } })
  t.match(ct.show().prlimits, { nofile: { soft: 4096 }, memlock: undefined })

  // And what is shown can be given to another one.
  const other = await host.containers.create({ id: 'other', image })
  const shown = ct.show()
  for (const name of Object.keys(containerSettings.shape) as SettingName[]) {
    await t.resolves(other.set({ [name]: shown[name] }), name)
    t.same(other.show()[name], shown[name], name)
  }
})
