// osctl ct dataset set

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { UsageError } from '../../../errors.js'
import { inPool } from '../../../session.js'

const FLAGS: Readonly<Record<string, boolean>> = { on: true, off: false }

export default command({
  usage: 'ID NAME PROPERTY=VALUE...',
  summary: 'change a dataset of a container; `/` is its own',
  details:
    'quota, refquota, reservation, refreservation, compression, recordsize, atime, relatime, sync; `none` and\n' +
    '`inherit` go back to what is inherited.',
  async run([id, name, ...properties], _options, session) {
    const body = Object.fromEntries(
      properties.map((text) => {
        const [, property, value] = /^([a-z]+)=(.+)$/s.exec(text) ?? []
        if (property === undefined || value === undefined) {
          throw new UsageError(`'${text}' is not PROPERTY=VALUE`)
        }
        const none = value === 'none' || value === 'inherit'
        const isFlag = property === 'atime' || property === 'relatime'
        return [property, none ? null : isFlag ? (FLAGS[value] ?? value) : value]
      }),
    )
    await session.daemon.ask(at`PATCH /containers/${inPool(session, id)}/datasets/${name}`, {
      body,
    })
  },
})
