// Where KVM does not start a kernel in time, that is not asked again by every process.
import { accessSync, chmodSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { testDirectory } from '../../helpers/system.js'

const run = promisify(execFile)

function whyNot(): string | false {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return false
  } catch {
    return 'no KVM to be asked'
  }
}

t.test('one that does not answer', { skip: whyNot() }, async (t) => {
  const directory = testDirectory(t)
  const asked = join(directory, 'asked')
  const qemu = join(directory, 'qemu-system-x86_64')
  writeFileSync(qemu, `#!/bin/sh\necho asked >>${asked}\nexec sleep 1000\n`)
  chmodSync(qemu, 0o755)
  const script = `
    import { accelerator } from ${JSON.stringify(import.meta.resolve('../accelerator.js'))}
    console.log((await accelerator({ key: 'none', kernel: 'none' })).name)`
  const env = {
    ...process.env,
    PATH: `${directory}:${process.env['PATH'] ?? ''}`,
    XDG_CACHE_HOME: directory,
  }
  const args = [...process.execArgv, '--input-type=module', '-e', script]
  const hour = () => Math.floor(Date.now() / 3_600_000)
  const begun = hour()
  const answer = async () => {
    const { stdout } = await run(process.execPath, args, { env })
    t.equal(stdout, 'tcg\n')
  }
  await Promise.all([answer(), answer()])
  await answer()
  // Once in an hour.
  const times = readFileSync(asked, 'utf8').split('\n').length - 1
  t.ok(times === 1 || (times <= 3 && hour() > begun), `asked ${times} times`)
})
