// OpenZFS that is too old is refused by its name, before anything is tried with it.
import t from 'tap'
import { assertConfining, assertVersion } from '../../../dist/storage/zfs/version.js'

await t.test('too old', async (t) => {
  for (const version of ['0.8.6-1', '2.0.7-1~bpo11+1', '2.1.11-1+deb12u1', '2.1.99-1_gabcdef']) {
    t.throws(() => assertVersion(version), {
      code: 'ERR_UNSUPPORTED',
      feature: `a pool on OpenZFS ${version}`,
      reason: 'its mounts cannot have other ids before 2.2',
    })
  }
})

await t.test('new enough, or none, or of a kind that nobody knows', async (t) => {
  for (const version of ['2.2.0', '2.2.6-1~bpo12+3', '2.3.2-2', '3.0.0', null, '', 'git']) {
    t.doesNotThrow(() => assertVersion(version), String(version))
  }
})

await t.test('one that leaves the zpool to root of a user namespace', async (t) => {
  for (const version of ['2.2.9-1', '2.3.2-2~bpo12+2', '2.3.8', '2.4.0-1', null, 'git']) {
    t.throws(() => assertConfining(version), { code: 'ERR_UNSUPPORTED' }, String(version))
  }
  for (const version of ['2.3.9-0+deb13u1', '2.3.10']) {
    t.doesNotThrow(() => assertConfining(version), version)
  }
})
