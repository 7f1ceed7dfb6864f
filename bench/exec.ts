// The case `exec`: from the request to the exit status of the guest's /bin/true, in containers that
// every row has running.
import type { Row, Running } from './row.js'
import { type Rhythm, type Samples, add, milliseconds, rounds, stamp } from './sample.js'

export async function execs(all: readonly Row[], rhythm: Rhythm): Promise<Samples> {
  const samples: Samples = new Map()
  const running = new Map<Row, Running>()
  const rows = all.filter((row) => row.execWho !== null)
  try {
    for (const row of rows) {
      const container = await row.start()
      running.set(row, container)
      await stamp(container)
    }
    await rounds(rows, rhythm, async (row) => {
      const container = running.get(row)
      if (container === undefined || row.execWho === null) return
      add(samples, row.execWho, milliseconds(await row.exec(container)))
    })
  } finally {
    for (const [row, container] of running) await row.stop(container)
  }
  return samples
}
