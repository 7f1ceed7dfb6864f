// Shell scripts that use `osctl ct exec` and `osctl ct runscript` as those of vpsAdminOS do, run as they are.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { osctldPlace } from '../../helpers/daemon.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const { socket } = await osctldPlace(t)
