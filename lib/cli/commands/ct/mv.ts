// osctl ct mv

import { command } from '../../command.js'
import { at, type DaemonClient } from '../../daemon-client.js'
import { RefusedError } from '../../errors.js'
import { tellLeftovers, type Receipt } from '../../receipt.js'
import { inPool, named } from '../../session.js'

interface Shown {
  readonly pool: string
  readonly state: string
  readonly ephemeral: boolean
}

export default command({
  usage: 'ID NEWID',
  summary: 'give a container another id, pool, user or group; one that runs is stopped for it',
  options: {
    pool: { value: 'POOL', summary: 'where; default: the same' },
    user: { value: 'NAME', summary: 'whose ids it has then' },
    group: { value: 'PATH', summary: 'which group it is in then' },
  },
  async run([id, target], { user, group, ...given }, session) {
    const { daemon } = session
    const { name, pool } = named({ ...session, pool: null }, target, given.pool)
    const old = inPool(session, id)
    const shown = await daemon.ask<Shown>(at`GET /containers/${old}`)
    const fresh = `${pool ?? shown.pool}:${name}`
    // Before one that runs is stopped.
    if (await isThere(daemon, fresh)) throw new Error(`container '${fresh}' already exists`)
    const running = shown.state === 'running'
    if (running && shown.ephemeral) {
      throw new Error(
        `container '${old}' is deleted when it stops, and is not stopped for this: ` +
          '`osctl ct unset ephemeral` first',
      )
    }
    if (running) await daemon.ask(at`POST /containers/${old}/stop`)
    const isRenamed =
      fresh.startsWith(`${shown.pool}:`) && user === undefined && group === undefined
    try {
      if (isRenamed) await daemon.ask(at`POST /containers/${old}/rename`, { query: { id: name } })
      else {
        const body = { pool, user, group }
        await daemon.ask(at`POST /containers/${old}/copy`, { query: { id: name }, body })
      }
    } catch (error) {
      if (running) await daemon.ask(at`POST /containers/${old}/start`)
      throw error
    }
    const code = isRenamed
      ? 0
      : tellLeftovers(await daemon.ask<Receipt>(at`DELETE /containers/${old}`))
    if (running) await daemon.ask(at`POST /containers/${fresh}/start`)
    return code
  },
})

async function isThere(daemon: DaemonClient, reference: string): Promise<boolean> {
  try {
    await daemon.ask(at`GET /containers/${reference}`)
    return true
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'ERR_NOT_FOUND') return false
    throw error
  }
}
