// osctl id-range new

import { command } from '../../command.js'
import { UsageError } from '../../errors.js'
import { named } from '../../session.js'
import { numberIn } from '../../words.js'

export default command({
  usage: 'NAME',
  summary: 'make a range of ids, from which users are given theirs in blocks',
  options: {
    'start-id': { value: 'ID', summary: 'the first, at least 65536' },
    'block-size': { value: 'COUNT', summary: 'ids in a block, at least 65536' },
    'block-count': { value: 'COUNT', summary: 'how many blocks' },
  },
  async run([name], options, session) {
    const number = (option: keyof typeof options) => {
      const text = options[option]
      if (text === undefined) throw new UsageError(`--${option} is missing`)
      return numberIn(text, `--${option}`)
    }
    const body = {
      ...named(session, name),
      startId: number('start-id'),
      blockSize: number('block-size'),
      blockCount: number('block-count'),
    }
    await session.daemon.ask('POST /id-ranges', { body })
  },
})
