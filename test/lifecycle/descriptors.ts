// A worker that ends while its calls are under way leaves none of the descriptors that they would have given.
import { child, clean, moduleOf } from '../helpers/child.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns')

t.test('calls on the threads of libuv', async (t) => {
  const script = `
    import { once } from 'node:events'
    import { readdirSync } from 'node:fs'
    import { Worker } from 'node:worker_threads'
    const held = () => readdirSync('/proc/self/fd').length
    const round = async () => {
      const worker = new Worker(\`
        const { parentPort } = require('node:worker_threads')
        const map = [{ nsId: 0, hostId: 0, count: 1 }]
        import(${moduleOf('native.js')}).then(({ native }) => {
          for (let i = 0; i < 20; i++) void native.ns.createUserNs(map, map)
          parentPort.postMessage('there')
        })\`, { eval: true })
      await once(worker, 'message')
      await worker.terminate()
    }
    // What is opened once stays open.
    await round()
    const before = held()
    for (let i = 0; i < 3; i++) await round()
    const more = held() - before
    if (more > 0) console.log(more, 'descriptors are left')`
  t.strictSame(await child(t, script), clean)
})
