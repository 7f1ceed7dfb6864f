// Mounts and unmounts that have to wait hold up no files, for which Node.js has four threads.
import { Mount, umount } from '../../../lib/ns/mount.js'
import { holdUpNoFile, lostFile } from '../../helpers/lost-file.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'fuse', 'test programs')

const works: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  // Of two layers: Linux 6.1 refuses a single one without an upper one before it looks for it.
  mounts: (path) => Mount.create('overlay', { lowerdir: `${path}:${path}` }),
  unmounts: (path) => umount(path),
}

for (const [name, work] of Object.entries(works)) {
  t.test(`more ${name} than there are threads for files`, async (t) => {
    const lost = await lostFile(t)
    await holdUpNoFile(t, lost, () => work(lost.path))
  })
}
