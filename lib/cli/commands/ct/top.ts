// osctl ct top

import { setTimeout as sleep } from 'node:timers/promises'
import type { HostLoad } from '../../../load/load.js'
import { command } from '../../command.js'
import { UsageError } from '../../errors.js'
import { printJson } from '../../listing.js'
import type { Session } from '../../session.js'
import { Watch } from '../../top/figures.js'
import { jsonOf } from '../../top/json.js'
import { PATIENCE_MS, TopScreen } from '../../top/top-screen.js'
import { numberIn } from '../../words.js'

/** A timer of Node.js can wait no longer. */
const MAX_RATE = 86_400
const LEAST_RATE = 0.1

export default command({
  summary: 'watch what containers use, as it changes',
  details:
    'On a terminal, the screen is full of it: `?` lists the keys. `[host]` is the machine without its containers. Reads and ' +
    'writes are those of datasets where a container is on ZFS, of disks otherwise. With `--json`, a line for ' +
    'each interval, of rates; the signal USR1 has one come at once.\n\n' +
    'A daemon that goes away is told of on the screen, and asked again until it is back; `--json` ends with an error.',
  options: {
    rate: { short: 'r', value: 'SECONDS', summary: 'how often it is looked; default 1' },
    processes: {
      on: true,
      summary: 'count what processes do on the screen, for which all of the machine are looked at',
    },
    iostat: { on: true, summary: 'count what all pools of ZFS do' },
  },
  async run(_args, { rate, processes, iostat }, session) {
    const seconds = rate === undefined ? 1 : numberIn(rate, '--rate', LEAST_RATE)
    if (seconds > MAX_RATE) throw new UsageError(`--rate must be at most ${MAX_RATE} seconds`)
    const rateMs = seconds * 1000
    const query = { processes: processes && !session.json, iostat }
    const look = (signal = AbortSignal.timeout(PATIENCE_MS)): Promise<HostLoad> =>
      session.daemon.ask<HostLoad>('GET /host/load', { query, signal })
    if (session.json) return await printing(session, rateMs, look)
    const watch = new Watch()
    const screen = TopScreen.ours(session, watch, { rateMs, iostat, look })
    if (screen === null) {
      throw new UsageError('ct top needs a terminal; `osctl -j ct top` prints lines for programs')
    }
    // While there is still a shell to be told that it does not answer.
    watch.take(await look())
    return await screen.run()
  },
})

/** Until whoever reads it has gone, or the daemon has. */
async function printing(
  session: Session,
  rateMs: number,
  look: () => Promise<HostLoad>,
): Promise<never> {
  const watch = new Watch()
  let waiting = new AbortController()
  process.on('SIGUSR1', () => waiting.abort())
  watch.take(await look())
  for (;;) {
    waiting = new AbortController()
    await sleep(rateMs, undefined, { signal: waiting.signal }).catch(() => undefined)
    watch.take(await look())
    const figures = watch.figures('realtime')
    if (figures === null) continue
    const { pool } = session
    const rows = figures.rows.filter((row) => pool === null || (row.pool ?? pool) === pool)
    printJson(session, jsonOf({ ...figures, rows }))
  }
}
