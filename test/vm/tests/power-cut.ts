// Cutting the power loses what was not flushed, and nothing else: other tests rely on both.
import { requires } from '../../helpers/requires.js'
import { Lab } from '../lab.js'
import type { Machine } from '../machine.js'
import { VolatileDisk } from '../volatile-disk.js'

const t = requires('root', 'qemu', 'mmdebstrap', 'nbdkit')
t.setTimeout(0)

const lab = await Lab.open()
t.teardown(() => lab[Symbol.asyncDispose]())

function ask(machine: Machine, script: string): Promise<string> {
  return machine.shell(`disk=$(/usr/lib/lab/find-disk data)\n${script}`)
}

/** Runs the script, ends the machine in that way, and asks the next one what is there. */
async function after(end: 'cut' | 'stop', script: string, question: string): Promise<string> {
  await using disk = new VolatileDisk()
  {
    await using machine = await lab.machine({ data: await disk.drive() })
    await ask(machine, script)
    if (end === 'cut') await disk.cut()
  }
  await using next = await lab.machine({ data: await disk.drive() })
  return await ask(next, question)
}

const write = 'echo written | dd of=$disk oflag=direct bs=4096 conv=sync status=none'
const read = 'head -c 7 $disk | tr "\\\\0" .'

t.test('what the disk was not told to flush', async (t) => {
  t.equal(await after('cut', write, read), '.......', 'is lost')
  t.equal(await after('stop', write, read), 'written', 'but only with the power')
  t.equal(await after('cut', `${write}; sync $disk`, read), 'written', 'and not once it was told')
})

t.test('a program that does not fsync, and one that does', async (t) => {
  const script = `
    mkfs.ext4 -q $disk; mount -o commit=300 $disk /mnt
    echo kept >/mnt/with; sync /mnt/with /mnt
    echo lost >/mnt/without
  `
  const question = 'mount $disk /mnt; cat /mnt/with; cat /mnt/without 2>/dev/null || echo nothing'
  t.match(await after('cut', script, question), /^kept(\nnothing)?$/)
})
