// Our engine, embedded in this process as a daemon would embed it.
import { Host } from 'vpsadminos'
import type { Place } from '../place.js'
import { now, type Row } from '../row.js'
import type { Configured } from './lxc.js'
import { memoryLimit } from './oci-config.js'

export interface Engine extends AsyncDisposable {
  row: Row
  /** A container for the rows of others. */
  configured: Configured
}

export async function openEngine(place: Place): Promise<Engine> {
  const host = await Host.temporary()
  try {
    const image = { distribution: 'bench', version: '1' }
    await host.images.import({ ...image, path: place.rootfs })
    const create = (id: string) => host.containers.create({ id, image, memoryLimit })
    const ours = await create('ours')
    const theirs = await create('theirs')
    // The configuration is written by a start.
    await theirs.start()
    await theirs.stop()

    const row: Row = {
      who: 'vpsadminos ct.start',
      stopWho: 'vpsadminos ct.stop',
      execWho: 'vpsadminos ct.exec',
      async start() {
        const begin = now()
        const { initPid } = await ours.start()
        return { begin, init: initPid }
      },
      async stop() {
        const begin = now()
        const { rung } = await ours.stop()
        const end = now()
        if (rung !== 'shutdown') throw new Error(`ct.stop() ended on the rung ${rung}`)
        return { begin, end }
      },
      async exec() {
        const begin = now()
        const { exitCode } = await ours.exec(['/bin/true'])
        const end = now()
        if (exitCode !== 0) throw new Error(`/bin/true ended with ${exitCode}`)
        return { begin, end }
      },
    }
    const config = `${theirs.show().lxcPath}/theirs/config`
    return {
      row,
      configured: { id: 'theirs', config },
      [Symbol.asyncDispose]: () => host.close(),
    }
  } catch (error) {
    await host.close()
    throw error
  }
}
