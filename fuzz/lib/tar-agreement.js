// Archives with valid checksums, made from the input: what we would unpack, tar lists in the same way.
import { execFileSync } from 'node:child_process'
import { TarFaultError, TarScan } from '../../dist/image/tar-scan.js'
import { TreeRules } from '../../dist/image/tree-rules.js'
import { check, Input } from './finding.js'

/** @typedef {import('../../dist/image/tar-scan.js').TarEntry} TarEntry */

// Without 7 and S: where such a name ends with a slash, tar lists another type than it unpacks.
const TYPES = ['0', '\0', '5', '1', '2', '3', '4', '6', '0', '0', 'x', 'g', 'L', 'K', 'A', 'V']
const MAGICS = ['ustar\x0000', 'ustar  \0', 'ustar\0  ', '\0\0\0\0\0\0\0\0']
const KEYS = [
  'path',
  'linkpath',
  'size',
  'mtime',
  'GNU.sparse.name',
  'SCHILY.xattr.user.a',
  'hdrcharset',
]
const LETTERS = { file: '-', link: 'h', symlink: 'l', directory: 'd', fifo: 'p' }

// Devices of either kind.
/** @type {Record<string, string>} */
const LISTED = { b: '*', c: '*' }

/** @param {Input} input */
function records(input) {
  const lines = []
  for (let count = input.byte() % 4; count > 0; count--) {
    const rest = ` ${input.pick(KEYS)}=${input.piece().toString('latin1')}\n`
    let length = rest.length
    while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length
    lines.push(`${length}${rest}`)
  }
  return Buffer.from(lines.join(''), 'latin1')
}

/** @param {Input} input */
function entry(input) {
  const type = input.pick(TYPES)
  const block = Buffer.alloc(512)
  input.piece().copy(block, 0, 0, 100)
  block.write('0000644\x000000000\x000000000\0', 100, 'latin1')
  input.piece().copy(block, 157, 0, 100)
  block.write(type, 156, 'latin1')
  block.write(input.pick(MAGICS), 257, 'latin1')
  input.piece().copy(block, 345, 0, 155)
  const data = type === 'x' || type === 'g' ? records(input) : input.piece()
  const size =
    input.byte() % 16 === 0 ? input.piece() : Buffer.from(data.length.toString(8).padStart(11, '0'))
  size.copy(block, 124, 0, 12)
  block.write('14523770400\0', 136, 'latin1')
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([block, data, Buffer.alloc((512 - (data.length % 512)) % 512)])
}

/** @param {Buffer} data */
export function fuzz(data) {
  const input = new Input(data)
  const parts = []
  while (!input.empty && parts.length < 8) parts.push(entry(input))
  const archive = Buffer.concat([...parts, Buffer.alloc(1024)])
  /** @type {TarEntry[]} */
  const entries = []
  const scan = new TarScan((found) => entries.push(found))
  try {
    scan.push(archive)
    scan.end()
  } catch (error) {
    if (error instanceof TarFaultError) return
    throw error
  }
  const rules = new TreeRules()
  if (entries.length === 0 || entries.some((each) => rules.add(each) !== null)) return
  compare(entries, archive)
}

// As tar prints it with -v: type, name, and where a link leads.
/**
 * @param {TarEntry[]} entries
 * @param {Buffer} archive
 */
function compare(entries, archive) {
  const args = ['-tv', '--quoting-style=literal', '--full-time', '--numeric-owner', '-f', '-']
  let listed
  try {
    listed = execFileSync('tar', args, {
      input: archive,
      encoding: 'latin1',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  } catch (error) {
    // tar refuses more than it must, and then nothing is unpacked.
    if (error instanceof Error && 'status' in error) return
    throw error
  }
  const ours = entries.map(({ type, name, link }) => {
    const letter = type in LETTERS ? LETTERS[/** @type {keyof typeof LETTERS} */ (type)] : '*'
    const arrow = type === 'link' ? ' link to ' : type === 'symlink' ? ' -> ' : ''
    return `${letter} ${name}${arrow}${link}\n`
  })
  // A line: "-rw-r--r-- 0/0   12 2020-01-01 00:00:00 name", where a name may hold newlines.
  const line = /^([-hldpbc])[-rwxsStT]{9} \d+\/\d+ +[\d,]+ \d{4,}-\d\d-\d\d \d\d:\d\d:\d\d /gm
  const theirs = listed.replace(line, (_, letter) => `${LISTED[letter] ?? letter} `)
  check(theirs === ours.join(''), `tar lists ${JSON.stringify(theirs)}, we ${JSON.stringify(ours)}`)
}
