// osctl group new

import { command } from '../../command.js'
import { hostVersion } from '../../cgparams.js'
import { UsageError } from '../../errors.js'
import { named } from '../../session.js'

export default command({
  usage: 'PATH',
  summary: 'make a group: a node of the cgroup tree that containers are in',
  options: {
    pool: { value: 'POOL', summary: 'where; default: the first one' },
    parents: { short: 'p', summary: 'make those above it, too' },
    cgparam: { value: 'PARAMETER=VALUE', many: true, summary: 'a cgroup parameter of it' },
  },
  async run([given], { pool, parents, cgparam }, session) {
    const { name: path, pool: where } = named(session, given, pool)
    const version = cgparam.length === 0 ? null : await hostVersion(session.daemon)
    const cgparams = cgparam.map((text) => {
      const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? []
      if (name === undefined)
        throw new UsageError(`--cgparam must be PARAMETER=VALUE, not '${text}'`)
      return { version, name, value }
    })
    await session.daemon.ask('POST /groups', { body: { path, pool: where, parents, cgparams } })
  },
})
