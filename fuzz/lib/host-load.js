// Files in which the kernel and its modules count: what is read is numbers, none of them made up.
import { UnsupportedError } from '../../dist/host/errors.js'
import { parseDisks, sumOf } from '../../dist/load/disks.js'
import { parseInterfaces } from '../../dist/load/interfaces.js'
import { Kstat } from '../../dist/load/kstat.js'
import { parseMemory } from '../../dist/load/memory.js'
import { parseCpuTimes, parseDemand } from '../../dist/load/processor.js'
import { requestsBelow } from '../../dist/load/zfs-load.js'
import { check, Input, quickly, unless } from './finding.js'

/** @param {object} figures @param {string} what */
function areFigures(figures, what) {
  for (const value of Object.values(figures)) {
    check(Number.isFinite(value) && value >= 0, `${what} are figures: ${JSON.stringify(figures)}`)
  }
}

/** @type {((text: string) => void)[]} */
const readers = [
  (text) => {
    const disks = parseDisks(text)
    for (const [name, requests] of disks) {
      check(!name.includes('/'), 'a name that leads nowhere else')
      areFigures(requests, name)
    }
    areFigures(sumOf(disks.values()), 'all')
  },
  (text) => {
    for (const [name, { tx, rx }] of parseInterfaces(text)) {
      check(name !== '' && name === name.trim() && !name.includes('\n'), 'a name')
      areFigures(tx, name)
      areFigures(rx, name)
    }
  },
  (text) => areFigures(parseMemory(text), 'bytes'),
  (text) => areFigures(parseCpuTimes(text), 'times'),
  (text) => {
    const { loadavg, tasks } = parseDemand(text)
    areFigures({ ...loadavg, tasks }, 'tasks')
  },
  (text) => {
    const stats = new Kstat('objset-0x1', text)
    const read = unless(() => stats.number('reads'), UnsupportedError)
    check(read === null || Number.isFinite(read), 'a number')
    const name = unless(() => stats.text('dataset_name'), UnsupportedError)
    if (name === null) return
    check(text.includes(name) && !name.includes('\n'), 'a name that is there')
    const one = { readBytes: 1, writtenBytes: 2, reads: 3, writes: 4 }
    const below = requestsBelow(new Set(['tank/ct/a', 'tank/ct/b']), new Map([[name, one]]))
    for (const [home, requests] of below) {
      check(name === home || name.startsWith(`${home}/`), 'below it')
      check(requests.writes === 4, 'once')
    }
  },
]

/** @param {Buffer} data */
export function fuzz(data) {
  const input = new Input(data)
  const reader = input.pick(readers)
  const text = input.rest.toString('latin1')
  quickly(text.length, () => unless(() => reader(text), UnsupportedError))
}
