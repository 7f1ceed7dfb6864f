// `npm run soak` in small: some rounds leave nothing, and each leak that is planted is noticed as what
// it is.
import { requires } from '../helpers/requires.js'
import { compiled } from '../helpers/programs.js'
import { faults, table } from '../soak/report.js'
import { readOptions } from '../soak/options.js'
import { Soak } from '../soak/soak.js'
import type { PlantName } from '../soak/plants.js'
import { line, Series } from '../soak/trend.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'test programs', 'ip')

/** What must be found to grow, and nothing else that is certain. */
const found: Record<PlantName, readonly string[]> = {
  fd: ['Node: descriptors'],
  cgroup: ['cgroups'],
  mount: ['mounts'],
  memory: ['Node: kB external'],
  process: ['processes'],
  namespace: ['namespaces: net', 'Node: descriptors'],
  link: ['network links'],
  file: ['files'],
}
const SAMPLES = 4
const ROUNDS = 8

const soak = await Soak.open(compiled('system/quiet-init'))
t.teardown(() => soak.close())

await t.test('rounds of all kinds leave nothing', async (t) => {
  // Each kind of life once, two at a time: they fill what is kept.
  await soak.run(ROUNDS, 2)
  const series = new Series()
  series.add(await soak.sample())
  await soak.run(ROUNDS, 2)
  series.add(await soak.sample())
  const trends = series.trends({ shared: false })
  t.strictSame(faults({ trends, left: [] }), [])
  const first = (name: string): number => trends.find((trend) => trend.name === name)?.first ?? 0
  // What is looked at does show a host.
  for (const name of ['processes', 'cgroups', 'mounts', 'namespaces: net', 'files']) {
    t.ok(first(name) > 0, name)
  }
  t.ok(first('keeper: kB anonymous') > 0)
  t.ok(first('machine: kB SUnreclaim') > 0)
})

for (const [name, names] of Object.entries(found) as [PlantName, readonly string[]][]) {
  const skip = name === 'link' && !soak.networked ? 'this kernel makes no bridge' : false
  await t.test(`planted: ${name}`, { skip }, async (t) => {
    soak.begin()
    const series = new Series()
    series.add({ ...(await soak.sample(0)), round: 0 })
    await soak.run(1, 1)
    for (let round = 1; round < SAMPLES; round++) {
      await soak.plant(name)
      series.add({ ...(await soak.sample(0)), round })
    }
    const grown = series.trends({ shared: false }).filter(({ grows }) => grows)
    t.strictSame(
      names.filter((wanted) => !grown.some((trend) => trend.name === wanted)),
      [],
      `grown:\n${table(grown)}`,
    )
    t.match(faults({ trends: grown, left: [] })[0], /from \d+/)
    await soak.weed()
  })
}

await t.test('closed', async (t) => {
  await soak.plant('cgroup')
  t.ok(
    (await soak.left()).some((line) => /^cgroup .*-\d+$/.test(line)),
    'what is left would be told',
  )
  t.strictSame(await soak.close(), [])
})

await t.test('a line through samples', async (t) => {
  const points = [3, 5, 7, 9].map((value, i) => ({ round: i * 10, value }))
  t.match(line(points), { slope: 0.2, error: 0 })
  const noisy = line([0, 10, 0, 10, 0, 10].map((value, round) => ({ round, value })))
  t.ok(noisy.error > noisy.slope, 'noise is not taken for growth')
})

await t.test('the command line', async (t) => {
  t.match(readOptions([]), {
    rounds: 2000,
    parallel: 2,
    every: 100,
    cloneMode: 'auto',
    shared: true,
  })
  for (const wrong of [
    ['--rounds', '0'],
    ['--parallel', 'x'],
    ['--clone-mode', 'zfs'],
    ['--plant', 'tree'],
  ])
    t.throws(() => readOptions(wrong), { name: 'TypeError' })
})
