// A Node.js that has loaded packages and waits for the module to run: loading takes seconds under emulation.
import type { RunMessage } from '../protocol.js'

for (const file of (process.env['LAB_MODULES'] ?? '').split(' ')) await import(file)
process.once('message', (message: RunMessage) => {
  Object.assign(process.env, message.env)
  process.chdir(message.cwd)
  process.argv[1] = message.module ?? ''
  process.disconnect()
  import(message.module ?? '').catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
process.send?.('warm')
