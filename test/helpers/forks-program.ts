// Has loaded the engine, and becomes another process for each script that it is told. It says how that has ended:
// its status, or the negative number of a signal.
import '../../dist/index.js'
import '../../dist/step.js'
import { loadForking } from './forking.js'

const forking = loadForking()

process.on('message', ({ script, seconds }: { script: string; seconds: number }) => {
  // Not while the loop looks at what has come, which it does with what becomes the other's.
  setImmediate(() => {
    const pid = forking.fork(seconds)
    if (pid === 0) void become(script)
    else process.send?.(forking.ended(pid))
  })
})

async function become(script: string): Promise<void> {
  process.removeAllListeners('message')
  process.disconnect()
  Object.defineProperty(process, 'pid', { value: forking.pid() })
  // V8 would wait for threads that have stayed in the other one.
  const exit = (status?: number | string | null) => forking.exit(Number(status ?? 0))
  Object.defineProperty(process, 'exit', { value: exit })
  try {
    await import(`data:text/javascript,${encodeURIComponent(script)}`)
    exit(process.exitCode)
  } catch (error) {
    console.error(error)
    exit(1)
  }
}
