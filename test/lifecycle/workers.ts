// Workers load the addon, use it and are terminated at any moment; main and the others go on.
import { child, clean } from '../helpers/child.js'
import { requires } from '../helpers/requires.js'

const t = requires('liblxc')

// The worker's own script; `stage` comes as workerData. It tells when it is there.
const worker = (dist: string): string => `
  const { workerData: { stage, lxcPath }, parentPort } = require('node:worker_threads')
  const there = () => { parentPort.postMessage('there') }
  import(${dist}).then(async ({ native }) => {
    const { lxc, ns } = native
    if (stage === 'handle') {
      globalThis.ct = await lxc.open('web1', lxcPath)
    } else if (stage === 'pending') {
      for (let i = 0; i < 30; i++) void lxc.listDefined(lxcPath)
      void ns.namespaceIds(process.pid)
    } else if (stage === 'queue') {
      const ct = await lxc.open('web1', lxcPath)
      for (let i = 0; i < 30; i++) void lxc.state(ct)
    } else if (stage === 'subscription') {
      globalThis.watch = ns.watchExit(ns.pidfdOpen(1), true, () => undefined)
    } else if (stage === 'throws') {
      globalThis.ct = await lxc.open('web1', lxcPath)
      setImmediate(() => { throw new Error('on purpose') })
    } else if (stage === 'exits') {
      globalThis.ct = await lxc.open('web1', lxcPath)
      void lxc.state(ct)
      process.exit(3)
    }
    there()
  })`

const harness = `
  import { Worker } from 'node:worker_threads'
  import { once } from 'node:events'
  const dist = JSON.stringify(new URL('native.js', DIST).href)
  const start = (stage) => {
    const worker = new Worker(WORKER, { eval: true, workerData: { stage, lxcPath } })
    worker.on('error', () => undefined)
    return worker
  }
  const stages = ['loaded', 'handle', 'pending', 'queue', 'subscription']
`
const dist = JSON.stringify(new URL('../../dist/', import.meta.url).href)
const script = (body: string): string =>
  harness
    .replace('DIST', dist)
    .replace(
      'WORKER',
      JSON.stringify(worker(JSON.stringify(`${JSON.parse(dist) as string}native.js`))),
    ) + body

t.jobs = 2

t.test('terminated as soon as it is there', { buffered: true }, async (t) => {
  const body = `
    for (let round = 0; round < 4; round++) {
      for (const stage of stages) {
        const worker = start(stage)
        await once(worker, 'message')
        await worker.terminate()
      }
    }`
  t.strictSame(await child(t, script(body)), clean)
})

t.test('terminated while it starts', { buffered: true }, async (t) => {
  const body = `
    for (let i = 0; i < 30; i++) {
      const worker = start(stages[i % stages.length])
      await sleep(i * 2)
      await worker.terminate()
    }`
  t.strictSame(await child(t, script(body)), clean)
})

t.test('eight at once beside main, which goes on', { buffered: true }, async (t) => {
  const body = `
    const ct = await native.lxc.open('web1', lxcPath)
    const workers = Array.from({ length: 8 }, (_, i) => start(stages[i % stages.length]))
    const states = Promise.all(Array.from({ length: 100 }, () => native.lxc.state(ct)))
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    await Promise.all(workers.map((worker) => worker.terminate()))
    if ((await states).some((state) => state !== 'STOPPED')) throw new Error('wrong state')
    if ((await native.lxc.state(ct)) !== 'STOPPED') throw new Error('wrong state')`
  t.strictSame(await child(t, script(body)), clean)
})

t.test('the process exits while workers are busy', { buffered: true }, async (t) => {
  const body = `
    const workers = Array.from({ length: 4 }, (_, i) => start(stages[i + 1]))
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    process.exit(0)`
  t.strictSame(await child(t, script(body)), clean)
})

t.test('a worker that throws or exits by itself', { buffered: true }, async (t) => {
  const body = `
    const codes = []
    for (const stage of ['throws', 'exits', 'throws', 'exits']) {
      const worker = start(stage)
      codes.push(await new Promise((resolve) => worker.on('exit', resolve)))
    }
    console.log(codes.join(' '))`
  t.strictSame(await child(t, script(body)), { ...clean, stdout: '1 3 1 3\n' })
})

t.test('each has error classes of its own', { buffered: true }, async (t) => {
  const body = `
    const worker = new Worker(\`
      import(\${dist}).then(async ({ native }) => {
        const { LxcError } = await import(\${dist.replace('native.js', 'lxc/index.js')})
        const error = await native.lxc.listDefined('/no/such').catch((e) => e)
        console.log(error instanceof LxcError)
      })\`, { eval: true })
    await once(worker, 'exit')`
  t.strictSame(await child(t, script(body)), { ...clean, stdout: 'true\n' })
})
