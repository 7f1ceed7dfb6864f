// Containers, as `ct top` lists them.

import { bytes, microseconds } from '../humanize.js'
import type { Mode, Row, Used } from './figures.js'
import { TableView, type TopColumn } from './table-view.js'

type Column = TopColumn<Row>

/** What ZFS counts, where a container is on it: its caches are before disks. */
function io(name: string, zfs: keyof Used, block: keyof Used, shown: Column['shown']): Column {
  return counter(name, (row) => row.used[row.zfs ? zfs : block], shown)
}

function network(name: string, counted: keyof Used, shown: Column['shown']): Column {
  return counter(name, ({ network, used }) => (network ? used[counted] : null), shown)
}

function counter(name: string, of: Column['of'], shown: Column['shown'] = count): Column {
  return { name, width: 9, of, shown }
}

const count = (value: number): string => String(Math.round(value))
const size = (value: number): string => bytes(Math.round(value))

function columnsOf(mode: Mode): readonly Column[] {
  const cpu: Column =
    mode === 'realtime'
      ? { name: 'CPU%', width: 7, of: percent, shown: (value) => value.toFixed(1) }
      : { name: 'CPU', width: 12, of: ({ used }) => used.cpuUs, shown: microseconds }
  return [
    { name: 'Container', width: 24, of: nameOf, left: true },
    cpu,
    { name: 'Memory', width: 9, of: ({ memory }) => memory, shown: bytes },
    { name: 'NProc', width: 6, of: ({ nproc }) => nproc },
    io('Read', 'zfsReadBytes', 'readBytes', size),
    io('Write', 'zfsWrittenBytes', 'writtenBytes', size),
    io('ReadIO', 'zfsReads', 'reads', count),
    io('WriteIO', 'zfsWrites', 'writes', count),
    network('TX', 'txBytes', size),
    network('RX', 'rxBytes', size),
    network('TXpkt', 'txPackets', count),
    network('RXpkt', 'rxPackets', count),
  ]
}

export function containerTable(mode: Mode): TableView<Row> {
  return new TableView({
    columns: columnsOf(mode),
    keyOf: nameOf,
    textOf: nameOf,
    sort: mode === 'realtime' ? 'CPU%' : 'CPU',
  })
}

export function nameOf({ pool, id }: Row): string {
  return pool === null ? id : `${pool}:${id}`
}

/** Of one processor. */
function percent({ used }: Row): number {
  return used.cpuUs / 1e4
}
