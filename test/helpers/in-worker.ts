// Has a worker begin something, and ends the worker in its middle.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/**
 * @param module of dist/, whose exports `begin` has as `module`
 * @param begin of a function's body, which calls `begun()` when it is time
 */
export async function beginAndEnd(module: string, begin: string): Promise<void> {
  const url = new URL(`../../dist/${module}`, import.meta.url).href
  const code = `
    const { parentPort } = require('node:worker_threads')
    const begun = () => parentPort.postMessage('begun')
    import(${JSON.stringify(url)}).then((module) => { ${begin} })
  `
  const worker = new Worker(code, { eval: true, execArgv: [] })
  await once(worker, 'message')
  await worker.terminate()
}
