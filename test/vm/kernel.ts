// Takes the kernel out of a Debian root, in the form that starts fastest under emulation.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { program } from './program.js'

/** What the initramfs needs to reach the root, in the order of loading. */
const early = ['virtio_blk', 'squashfs', 'overlay', 'failover', 'net_failover', 'virtio_net']

/** The ABI, as `uname -r` says it. */
export function kernelRelease(root: string): string {
  const [release] = readdirSync(join(root, 'usr/lib/modules'))
  if (release === undefined) throw new Error(`no kernel in ${root}`)
  return release
}

/** Unpacked, so that no emulated processor has to do it: qemu starts an ELF file as well. */
export async function extractKernel(root: string, to: string): Promise<void> {
  const packed = readFileSync(join(root, 'boot', `vmlinuz-${kernelRelease(root)}`))
  const start = packed.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))
  if (start < 0) throw new Error('the kernel is not compressed by zstd')
  writeFileSync(`${to}.zst`, packed.subarray(start))
  // What follows the compressed part is no zstd, which it complains of after having written all.
  await program('sh', ['-c', 'zstd -dcq "$1.zst" >"$1" 2>/dev/null; rm "$1.zst"', 'sh', to])
}

/** Uncompressed too. The names begin with a number, for the order. */
export async function extractEarlyModules(root: string, to: string): Promise<void> {
  const modules = join(root, 'usr/lib/modules', kernelRelease(root), 'kernel')
  const files = readdirSync(modules, { recursive: true, encoding: 'utf8' })
  for (const [index, name] of early.entries()) {
    const file = files.find((path) => path.endsWith(`/${name}.ko.xz`))
    if (file === undefined) throw new Error(`no module ${name}`)
    const target = join(to, `${index}-${name}.ko`)
    await program('sh', ['-c', 'xz -dc "$1" >"$2"', 'sh', join(modules, file), target])
  }
}
