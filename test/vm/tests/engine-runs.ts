// Nothing of the engine's is forgotten by a run of everything.
import t from 'tap'
import { engineFiles, isWalk, onFirstOnly } from '../engine-files.js'
import { engineRuns } from '../engine-runs.js'

const distributions = ['debian-13', 'debian-12'] as const
const files = engineFiles([])
const runs = engineRuns({ distributions })
const filesOf = (some: typeof runs): string[] => [...new Set(some.map(({ file }) => file))].sort()

t.test('everything', async (t) => {
  const [first, second] = distributions.map((name) =>
    runs.filter(({ distribution }) => distribution === name),
  )
  const walked = ['containers', 'rootfs'].map((name) => `test/system/crash-points/${name}.ts`)
  t.same(
    filesOf(first ?? []),
    files.filter((file) => !walked.includes(file)),
    'each file on the first distribution, but for what those of ZFS walk, too',
  )
  const onBoth = files.filter((file) => !onFirstOnly(file))
  t.same(filesOf(second ?? []), onBoth, 'and on the second what is not about our code alone')
  const parallel = runs.filter(({ processors }) => processors > 1)
  t.same(
    filesOf(parallel),
    files.filter((file) => !isWalk(file)),
    'what may run into itself does, on two processors',
  )
  const walksOnZfs = runs.filter(({ file, zfs }) => isWalk(file) && zfs)
  for (const name of ['aborts', 'failing-steps', 'crash-points/zfs', 'crash-points/zfs-rootfs']) {
    t.ok(filesOf(walksOnZfs).includes(`test/system/${name}.ts`), `${name} on ZFS`)
  }
})

t.test('one storage', async (t) => {
  const inDirectories = engineRuns({ distributions, storage: 'dir' })
  t.same(
    inDirectories.filter(({ zpool }) => zpool !== null),
    [],
  )
  t.ok(filesOf(inDirectories).includes('test/system/aborts.ts'), 'and what else has it on ZFS')
  const onZfs = engineRuns({ distributions, storage: 'zfs' })
  t.same(
    onZfs.filter(({ zfs }) => !zfs),
    [],
  )
  t.ok(onZfs.length > 50)
})

t.test('what is named', async (t) => {
  const paths = ['test/system/crash-points/containers.ts']
  const [only, ...others] = engineRuns({ distributions, paths })
  t.match(only, { distribution: 'debian-13', zfs: false, zpool: null, processors: 1 })
  t.same(others, [])
  t.throws(() => engineRuns({ distributions, paths: ['test/system/memory.ts'] }), /measures/)
})
