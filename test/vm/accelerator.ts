// KVM where it runs Debian's kernel, which is more than that there is a /dev/kvm; otherwise emulation.
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cached, keep, keyOf } from './cache.js'
import type { Image } from './image.js'

export interface Accelerator {
  readonly name: 'kvm' | 'tcg'
  readonly args: readonly string[]
  /** How much longer than on the machine itself something may take. */
  readonly timeFactor: number
}

const kvm: Accelerator = { name: 'kvm', args: ['-accel', 'kvm', '-cpu', 'host'], timeFactor: 3 }

// qemu 7.2 gets cmpxchg16b wrong now and then; a kernel that is told that there is none does without.
const emulation: Accelerator = {
  name: 'tcg',
  args: ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'qemu64,-cx16'],
  timeFactor: 30,
}

export async function accelerator(image: Image): Promise<Accelerator> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
  } catch {
    return emulation
  }
  const key = keyOf(processor(), image.key)
  // To ask is ten seconds each time, in each process.
  const slow = `kvm-slow-${keyOf(key, String(Math.floor(Date.now() / HOUR_MS)))}`
  if (keep(slow)) return emulation
  try {
    const directory = await cached(`kvm-${key}`, async (directory) => {
      // Others may have waited for who asked.
      const works = keep(slow) ? null : await reachesItsPanic(image)
      if (works === null) {
        await cached(slow, () => Promise.resolve())
        throw new SlowError('KVM has not started a kernel in 10 s')
      }
      writeFileSync(join(directory, 'works'), String(works))
    })
    return readFileSync(join(directory, 'works'), 'utf8') === 'true' ? kvm : emulation
  } catch (error) {
    if (!(error instanceof SlowError)) throw error
    console.error(`${error.message}: for an hour at most the processor is emulated`)
    return emulation
  }
}

/** What KVM shows a guest of this machine: its kernel, and what its first processor is and can do. */
export function processor(): string {
  const [first = ''] = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')
  const lasting = /^(?:vendor_id|cpu family|model|model name|stepping|microcode|flags|bugs)\s*:/
  return [release(), ...first.split('\n').filter((line) => lasting.test(line))].join('\n')
}

const HOUR_MS = 3_600_000

/** No answer, which may be another one tomorrow. */
class SlowError extends Error {}

// Without a root the kernel comes to an end soon, after having done most of what a processor can. Null: it had not in ten
// seconds.
async function reachesItsPanic(image: Image): Promise<boolean | null> {
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...kvm.args,
      ...['-machine', 'q35', '-m', '256', '-display', 'none', '-nodefaults', '-no-reboot'],
      ...['-serial', 'stdio', '-kernel', image.kernel, '-append', 'console=ttyS0 panic=-1'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000, killSignal: 'SIGKILL' },
  )
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (data: string) => (text += data))
  await once(child, 'close')
  const reached = text.includes('Unable to mount root')
  return child.killed && !reached ? null : reached
}
