// The columns of `ct ps`.

import { bytes, microseconds } from './humanize.js'
import { plain, type Column, type Thing } from './listing.js'

export const HOST = '[host]'

/** An id that its container has not is that of the host, negated. */
function inside(name: string, field: string, hostField: string): Column {
  return {
    name,
    needs: [field, hostField],
    of: (thing) => thing[field] ?? -Number(thing[hostField]),
    right: true,
  }
}

function right(...fields: readonly string[]): Column[] {
  return plain(...fields).map((column) => ({ ...column, right: true }))
}

function seconds(name: string, field: string, shown: (value: number) => string): Column {
  return { name, needs: [field], of: (thing) => Number(thing[field]) / 1000, shown, right: true }
}

export const PROCESS_COLUMNS: readonly Column[] = [
  ...plain('pool'),
  { name: 'ctid', needs: ['container'], of: ({ container }) => container ?? HOST },
  ...right('pid'),
  { name: 'ctpid', of: 'containerPid' },
  ...right('ruid', 'rgid', 'euid', 'egid'),
  inside('ctruid', 'containerRuid', 'ruid'),
  inside('ctrgid', 'containerRgid', 'rgid'),
  inside('cteuid', 'containerEuid', 'euid'),
  inside('ctegid', 'containerEgid', 'egid'),
  { name: 'vmsize', of: 'vmsize', shown: bytes, right: true },
  { name: 'rss', of: 'rss', shown: bytes, right: true },
  ...plain('state'),
  {
    name: 'start',
    needs: ['startedAt'],
    of: ({ startedAt }) => Math.floor(Number(startedAt) / 1000),
    shown: start,
  },
  seconds('time', 'cpuMs', (value) => microseconds(value * 1e6)),
  { name: 'command', needs: ['command', 'name'], of: command },
  ...plain('name'),
]

export const USUAL_OF_ONE = [
  'pid',
  'ctpid',
  'cteuid',
  'vmsize',
  'rss',
  'state',
  'start',
  'time',
  'command',
]
export const USUAL_OF_POOL = ['ctid', ...USUAL_OF_ONE]
export const USUAL_OF_ALL = ['pool', ...USUAL_OF_POOL]

/** A thread of the kernel has none, and what has ended neither; null: it did not tell it in time. */
function command({ command: text, name }: Thing): string {
  return typeof text === 'string' && text.trim() !== '' ? text : `[${String(name)}]`
}

const DAY = 86_400

/** `14:03`, or `Nov28` when that is more than a day ago. */
function start(value: number): string {
  const date = new Date(value * 1000)
  const two = (number: number) => String(number).padStart(2, '0')
  if (Date.now() / 1000 - value <= DAY) return `${two(date.getHours())}:${two(date.getMinutes())}`
  return `${date.toLocaleString('en', { month: 'short' })}${two(date.getDate())}`
}
