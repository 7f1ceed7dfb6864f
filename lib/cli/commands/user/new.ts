// osctl user new

import { command } from '../../command.js'
import { named } from '../../session.js'
import { numberIn } from '../../words.js'

const MAP = 'like 0:1000000:65536: the first id inside, the first on the host, how many'

export default command({
  usage: 'NAME',
  summary: 'make a user: a map of ids that containers have',
  options: {
    pool: { value: 'POOL', summary: 'where; default: the first one' },
    'id-range': { value: 'NAME', summary: 'the range its ids are from; default `default`' },
    'id-range-block-index': { value: 'INDEX', summary: 'which block; default: the first free one' },
    map: { value: 'MAP', many: true, summary: `of users and groups, ${MAP}` },
    'map-uid': { value: 'MAP', many: true, summary: 'of users alone' },
    'map-gid': { value: 'MAP', many: true, summary: 'of groups alone' },
    standalone: { on: true, summary: 'it stays when its last container goes' },
  },
  async run([name], options, session) {
    const { map, 'id-range': idRange, 'id-range-block-index': index, standalone } = options
    const uidMap = [...map, ...options['map-uid']]
    const gidMap = [...map, ...options['map-gid']]
    const body = {
      ...named(session, name, options.pool),
      idRange,
      standalone,
      ...(index === undefined ? {} : { blockIndex: numberIn(index, '--id-range-block-index') }),
      ...(uidMap.length === 0 ? {} : { uidMap }),
      ...(gidMap.length === 0 ? {} : { gidMap }),
    }
    await session.daemon.ask('POST /users', { body })
  },
})
