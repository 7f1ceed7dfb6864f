// Lets the fuzzer's native part, which was built on a newer system, load on Debian 12 as well: the
// versions of glibc and libstdc++ that this machine lacks become optional, and newer-glibc.c has the
// three functions that were wanted of them.
//
//   node newer-glibc.js FILE    changes FILE, an ELF library for 64-bit little-endian machines

import { readFileSync, renameSync, writeFileSync } from 'node:fs'

const NEWER = ['GLIBC_2.38', 'GLIBCXX_3.4.32']
const SHT_GNU_VERNEED = 0x6ffffffe
const VER_FLG_WEAK = 2

const [path = ''] = process.argv.slice(2)
const elf = readFileSync(path)

/** @param {number} at */
const word = (at) => elf.readUInt32LE(at)
/** @param {number} at */
const offset = (at) => Number(elf.readBigUInt64LE(at))

// Elf64_Ehdr, Elf64_Shdr, Elf64_Verneed and Elf64_Vernaux, elf(5).
const headers = offset(0x28)
const size = elf.readUInt16LE(0x3a)
const count = elf.readUInt16LE(0x3c)
for (let header = headers; header < headers + size * count; header += size) {
  if (word(header + 4) !== SHT_GNU_VERNEED) continue
  const names = offset(headers + size * word(header + 40) + 24)
  let need = offset(header + 24)
  for (let files = word(header + 44); files > 0; files--) {
    let entry = need + word(need + 8)
    for (let versions = elf.readUInt16LE(need + 2); versions > 0; versions--) {
      const name = names + word(entry + 8)
      const version = elf.toString('latin1', name, elf.indexOf(0, name))
      if (NEWER.includes(version)) {
        elf.writeUInt16LE(elf.readUInt16LE(entry + 4) | VER_FLG_WEAK, entry + 4)
      }
      entry += word(entry + 12)
    }
    need += word(need + 12)
  }
}
writeFileSync(`${path}.new`, elf)
renameSync(`${path}.new`, path)
