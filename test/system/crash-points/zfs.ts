// The steps of what is done to containers on a pool of ZFS.
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requires } from '../../helpers/requires.js'
import { walkStepsOnZfs } from '../../helpers/step-walk.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const dataset = `${testPool(t)}/pool`
zfs('create', '-o', `mountpoint=${mkdtempSync(join(tmpdir(), 'walk-'))}`, dataset)
// A pool is root's alone.
execFileSync('chmod', ['700', zfs('get', '-Ho', 'value', 'mountpoint', dataset)])
await walkStepsOnZfs(t, dataset, 'a container')
