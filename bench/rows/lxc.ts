// lxc-start with the very configuration that the engine generates, and liblxc called in process by a
// small program. Both find the root mounted, which our row does within its time.
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Place } from '../place.js'
import type { Row, Running } from '../row.js'

const run = promisify(execFile)

export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A container that the engine has configured and will not start itself. */
export interface Configured {
  id: string
  /** The generated configuration. */
  config: string
}

/** Gives the configuration an LXC path of its own, so that no keeper listens beside it. */
export async function lxcRows(place: Place, { id, config }: Configured): Promise<Row[]> {
  const lxcPath = place.path('lxc')
  await mkdir(`${lxcPath}/${id}`, { recursive: true })
  await copyFile(config, `${lxcPath}/${id}/config`)
  const text = await readFile(config, 'utf8')
  const rootfs = /^lxc\.rootfs\.path *= *dir:(.*)$/m.exec(text)?.[1]
  const [, first, count] = /^lxc\.idmap *= *u 0 (\d+) (\d+)$/m.exec(text) ?? []
  if (rootfs === undefined || first === undefined || count === undefined)
    throw new Error(`${config} names no root directory or no id map`)
  await place.mountRootfs(rootfs, Number(first))

  // newuidmap asks whether root may have the range.
  for (const file of ['/etc/subuid', '/etc/subgid'])
    await place.replace(file, `root:${first}:${count}\n`)

  const named = ['-P', lxcPath, '-n', id]
  const start = async (path: string): Promise<Running> => {
    const { begin } = await place.spawn(['/usr/bin/lxc-start', ...named], path)
    const { stdout } = await run('/usr/bin/lxc-info', [...named, '-p', '-H'])
    return { begin, init: Number(stdout) }
  }
  const stop = () => place.spawn(['/usr/bin/lxc-stop', ...named], place.emptyPath)
  const exec = () =>
    place.spawn(['/usr/bin/lxc-attach', ...named, '--', '/bin/true'], place.emptyPath)

  return [
    {
      who: 'liblxc in process',
      stopWho: 'liblxc in process',
      execWho: null,
      async start() {
        const [begin, init] = await place.measure('liblxc', ['start', lxcPath, id])
        return { begin, init }
      },
      async stop() {
        const [begin, end] = await place.measure('liblxc', ['stop', lxcPath, id])
        return { begin, end }
      },
      exec,
    },
    {
      who: 'lxc-start',
      stopWho: 'lxc-start, lxc-stop',
      execWho: 'lxc-attach',
      start: () => start(place.emptyPath),
      stop,
      exec,
    },
    {
      who: 'lxc-start +newuidmap',
      stopWho: null,
      execWho: null,
      start: () => start(systemPath),
      stop,
      exec,
    },
  ]
}
