// An image that cannot be imported for want of descriptors: the caller hears of it, and his process goes on.
import { child } from '../../helpers/child.js'
import { busyboxArchive } from '../../helpers/system.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'cgroup', 'busybox', 'tar')
const archive = await busyboxArchive(t)

await t.test('the program that reads it cannot be started', async (t) => {
  const script = `
    import { closeSync, openSync } from 'node:fs'
    const { Host } = await import(${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)})
    const host = await Host.temporary()
    const image = { path: ${JSON.stringify(archive)}, distribution: 'x', version: '1' }
    for (let free = 1; free <= 6; free++) {
      const held = []
      try {
        for (;;) held.push(openSync('/dev/null'))
      } catch {}
      for (let i = 0; i < free; i++) closeSync(held.pop())
      const error = await host.images.import(image).then(() => null, (error) => error)
      for (const fd of held) closeSync(fd)
      console.log(free, error?.code ?? error)
    }
    await host.images.import(image)
    await host.close()
  `
  const { code, stdout, stderr } = await child(t, script)
  t.equal(code, 0, stderr)
  const outcomes = stdout.trim().split('\n')
  t.equal(outcomes.length, 6)
  t.match(stdout, /EMFILE/)
  t.notMatch(stdout, /TypeError/)
})
