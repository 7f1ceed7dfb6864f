// Takes the kernel out of a Debian root, in the form that starts fastest under emulation.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { program } from './program.js'

/** What the initramfs needs to reach the root and the lab. */
export const early = [
  ...['virtio_pci', 'virtio_blk', 'virtio_console', 'virtio_net'],
  ...['squashfs', 'overlay', 'ext4'],
]

/** The ABI, as `uname -r` says it. */
export function kernelRelease(root: string): string {
  const [release] = readdirSync(join(root, 'usr/lib/modules'))
  if (release === undefined) throw new Error(`no kernel in ${root}`)
  return release
}

const magics = [
  { program: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
  { program: 'lz4', magic: Buffer.from([0x02, 0x21, 0x4c, 0x18]) },
]

/** Unpacked, so that no emulated processor has to do it: qemu starts an ELF file as well. */
export async function extractKernel(root: string, to: string): Promise<void> {
  const file = readFileSync(join(root, 'boot', `vmlinuz-${kernelRelease(root)}`))
  // Where the compressed part is: Documentation/arch/x86/boot.rst, setup_sects, payload_offset.
  const payload = file.subarray((file.readUInt8(0x1f1) + 1) * 512 + file.readUInt32LE(0x248))
  // Its length unpacked is its end, and nothing that is packed.
  const packed = payload.subarray(0, file.readUInt32LE(0x24c) - 4)
  const unpack = magics.find(({ magic }) => packed.subarray(0, magic.length).equals(magic))
  if (unpack === undefined) throw new Error('the kernel is compressed by neither zstd nor lz4')
  writeFileSync(`${to}.packed`, packed)
  await program('sh', ['-ec', '"$2" -dcq <"$1.packed" >"$1"', 'sh', to, unpack.program])
  rmSync(`${to}.packed`)
}

/** Uncompressed too. The names begin with a number, for the order of loading. */
export async function extractEarlyModules(root: string, to: string): Promise<void> {
  const modules = join(root, 'usr/lib/modules', kernelRelease(root))
  for (const [index, path] of withDependencies(modules).entries()) {
    const script = 'case $1 in *.xz) xz -dc "$1" ;; *) cat "$1" ;; esac >"$2"'
    const target = join(to, `${String(index).padStart(2, '0')}-${nameOf(path)}.ko`)
    await program('sh', ['-c', script, 'sh', join(modules, path), target])
  }
}

function nameOf(path: string): string {
  return basename(path)
    .replace(/\.ko(\.xz)?$/, '')
    .replaceAll('-', '_')
}

/** modules.dep(5): paths, each after those that it needs. */
function withDependencies(modules: string): string[] {
  const needs = new Map<string, string[]>()
  for (const line of readFileSync(join(modules, 'modules.dep'), 'utf8').split('\n')) {
    const [path = '', rest = ''] = line.split(':')
    needs.set(path, rest.split(' ').filter(Boolean))
  }
  const builtIn = readFileSync(join(modules, 'modules.builtin'), 'utf8').split('\n').map(nameOf)
  const ordered = new Set<string>()
  const add = (path: string): void => {
    needs.get(path)?.forEach(add)
    ordered.add(path)
  }
  for (const name of early) {
    const path = [...needs.keys()].find((candidate) => nameOf(candidate) === name)
    if (path !== undefined) add(path)
    else if (!builtIn.includes(name)) throw new Error(`no module ${name}`)
  }
  return [...ordered]
}
