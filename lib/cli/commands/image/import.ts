// osctl image import

import { resolve } from 'node:path'
import { command } from '../../command.js'
import { UsageError } from '../../errors.js'
import { bytes } from '../../humanize.js'

interface Progress {
  readonly bytes: number
  readonly total: number | null
  readonly entries: number
}

export default command({
  usage: 'FILE',
  summary: 'unpack an archive, or copy a directory, to make containers from',
  options: {
    pool: { value: 'POOL', summary: 'where; default: the first one' },
    distribution: { value: 'NAME', summary: 'such as debian' },
    version: { value: 'VERSION', summary: 'of it' },
    arch: { value: 'ARCH', summary: "default: this machine's" },
    vendor: { value: 'NAME', summary: 'default `default`' },
    variant: { value: 'NAME', summary: 'default `default`' },
    digest: { value: 'SHA256', summary: 'what the archive must have' },
  },
  async run([file], options, session) {
    const { distribution, version, arch, vendor, variant, digest } = options
    if (distribution === undefined) throw new UsageError('--distribution is missing')
    if (version === undefined) throw new UsageError('--version is missing')
    const pool = options.pool ?? session.pool ?? undefined
    const body = { path: resolve(file), pool, distribution, version, arch, vendor, variant, digest }
    const { Progress: Bar } = await import('../../progress.js')
    using bar = new Bar(session)
    const { id } = await session.daemon.ask<{ id: string }>('POST /images', {
      body,
      onProgress: (line) => {
        const { bytes: read, total, entries } = line as Progress
        bar.show(total === null ? null : read / total, `${bytes(read)}, ${entries} files`)
      },
    })
    session.print(`${id}\n`)
  },
})
