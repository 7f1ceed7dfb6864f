// A Node.js that has loaded packages and waits for the module to run: loading takes seconds under emulation.
import { setImmediate as turn } from 'node:timers/promises'
import type { RunMessage } from '../protocol.js'

for (const file of (process.env['LAB_MODULES'] ?? '').split(' ')) await import(file)
process.once('message', (message: RunMessage) => {
  run(message).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
process.send?.('warm')

async function run({ env, cwd, module = '' }: RunMessage): Promise<void> {
  const [execPath = process.execPath] = process.argv.splice(2)
  process.execPath = execPath
  Object.assign(process.env, env)
  process.chdir(cwd)
  process.argv[1] = module
  // Node.js 20 gives a message that came early to its listener and fails when that disconnects.
  await turn()
  process.disconnect()
  // Who finds it would say something to a parent that does not listen.
  delete process.send
  await import(module)
}
