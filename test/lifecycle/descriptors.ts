// A worker that ends while its calls are under way leaves none of the descriptors that they would have given.
import { child, clean, moduleOf } from '../helpers/child.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns')

t.test('calls on the threads of libuv', async (t) => {
  const script = `
    import { once } from 'node:events'
    import { readdirSync } from 'node:fs'
    import { setTimeout } from 'node:timers/promises'
    import { Worker } from 'node:worker_threads'
    const held = () => readdirSync('/proc/self/fd').length
    const round = async () => {
      const without = held()
      const worker = new Worker(\`
        const { parentPort } = require('node:worker_threads')
        const map = [{ nsId: 0, hostId: 0, count: 1 }]
        import(${moduleOf('native.js')}).then(({ native }) => {
          for (let i = 0; i < 20; i++) void native.ns.createUserNs(map, map)
          parentPort.postMessage('there')
          // What has come to a promise is the worker's own: none comes to one from here on.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
        })\`, { eval: true })
      await once(worker, 'message')
      while (held() < without + 20) await setTimeout(1)
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
