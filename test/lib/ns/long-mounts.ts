// Mounts and unmounts that have to wait hold up no files, for which Node.js has four threads.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Mount, umount } from '../../../lib/ns/mount.js'
import { lostFile } from '../../helpers/lost-file.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'fuse', 'test programs')

const works: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  mounts: (path) => Mount.create('overlay', { lowerdir: path }),
  unmounts: (path) => umount(path),
}

for (const [name, work] of Object.entries(works)) {
  t.test(`more ${name} than there are threads for files`, async (t) => {
    const lost = await lostFile(t)
    const held = Promise.allSettled(Array.from({ length: 6 }, () => work(lost.path)))
    const read = readFile('/proc/self/status').then(() => 'read')
    const waits = sleep(upTo(5000), 'waits', { ref: false })
    t.equal(await Promise.race([read, waits]), 'read')
    t.equal(await Promise.race([held, sleep(0, 'held')]), 'held', 'as they still are')
    lost.end()
    await held
    await read
  })
}
