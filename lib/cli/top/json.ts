// One line of `osctl -j ct top`: rates, in the words of vpsAdminOS.

import type { Figures, Row } from './figures.js'
import { percent, rounded, times } from './numbers.js'

const US_PER_JIFFY = 10_000 // USER_HZ is 100 on every architecture that Node.js runs on

export function jsonOf(figures: Figures): object {
  const { now, cpu, caches, iostat, rows } = figures
  const { memory, loadavg, zfs } = now
  const total = wholeOf(cpu)
  return {
    cpu: Object.fromEntries(
      Object.entries(cpu).map(([kind, us]) => [
        kind === 'guestNice' ? 'guest_nice' : kind,
        rounded(percent(us, total)),
      ]),
    ),
    loadavg,
    memory: {
      total: memory.total,
      used: memory.used,
      free: memory.free,
      buffers: memory.buffers,
      cached: memory.cached,
      swap_total: memory.swapTotal,
      swap_used: memory.swapUsed,
      swap_free: memory.swapFree,
    },
    zfs:
      zfs === null
        ? null
        : {
            arcstats: {
              arc: {
                c_max: zfs.arc.cMax,
                c: zfs.arc.c,
                size: zfs.arc.size,
                hit_rate: rounded(percent(caches.arcHits, caches.arcHits + caches.arcMisses)),
                misses: rounded(caches.arcMisses),
              },
              l2arc: {
                size: zfs.l2arc.size,
                asize: zfs.l2arc.asize,
                hit_rate: rounded(percent(caches.l2Hits, caches.l2Hits + caches.l2Misses)),
                misses: rounded(caches.l2Misses),
              },
            },
            iostat:
              iostat === null
                ? null
                : {
                    io_read: rounded(iostat.reads),
                    io_written: rounded(iostat.writes),
                    bytes_read: rounded(iostat.readBytes),
                    bytes_written: rounded(iostat.writtenBytes),
                  },
          },
    containers: rows.map((row) => containerOf(row, row.pool === null ? loadavg : null)),
  }
}

/** Those of guests are in `user` and `nice`, too. */
export function wholeOf(cpu: Figures['cpu']): number {
  const all = Object.values(cpu).reduce((sum, us) => sum + us, 0)
  return all - cpu.guest - cpu.guestNice
}

/** @param loadavg upstream kernels have none of a container */
function containerOf(
  { pool, id, initPid, memory, nproc, used, zfs, network }: Row,
  loadavg: Figures['now']['loadavg'] | null,
): object {
  const jiffies = times(used, 1 / US_PER_JIFFY)
  return {
    pool,
    id,
    cpu_package_inuse: null,
    init_pid: initPid,
    loadavg,
    cpu_usage: rounded(used.cpuUs / 1e4),
    memory,
    nproc,
    cpu_us: rounded(used.cpuUs),
    cpu_user_us: rounded(used.cpuUserUs),
    cpu_system_us: rounded(used.cpuSystemUs),
    cpu_hz: rounded(jiffies.cpuUs),
    cpu_user_hz: rounded(jiffies.cpuUserUs),
    cpu_system_hz: rounded(jiffies.cpuSystemUs),
    zfsio: zfs
      ? {
          bytes: { w: rounded(used.zfsWrittenBytes), r: rounded(used.zfsReadBytes) },
          ios: { w: rounded(used.zfsWrites), r: rounded(used.zfsReads) },
        }
      : null,
    io: {
      bytes: { w: rounded(used.writtenBytes), r: rounded(used.readBytes) },
      ios: { w: rounded(used.writes), r: rounded(used.reads) },
    },
    tx: network ? { bytes: rounded(used.txBytes), packets: rounded(used.txPackets) } : null,
    rx: network ? { bytes: rounded(used.rxBytes), packets: rounded(used.rxPackets) } : null,
  }
}
