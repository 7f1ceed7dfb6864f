// What somebody has left who was killed is removed; what is in use is not.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../temporary.js'

const { pid: dead } = spawnSync('true')
const [left, foreign] = [dead, process.ppid].map((pid) =>
  mkdtempSync(join(tmpdir(), `vpsadminos-vm-${pid}-`)),
) as [string, string]
t.teardown(() => rmSync(foreign, { recursive: true }))

const ours = temporaryDirectory('test')
t.ok(existsSync(ours))
t.notOk(existsSync(left))
t.ok(existsSync(foreign))
