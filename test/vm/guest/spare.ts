// A Node.js that has loaded packages and waits for the module to run: loading takes seconds under emulation.
import hooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'
import type { RunMessage } from '../protocol.js'

// To know which test has left an error uncaught, tap follows every promise: 13 to 17 % of the time of a file
// here. Without that, such an error ends the file, which has failed either way.
const { createHook } = hooks
setCreateHook((given) => {
  const hook = createHook(given)
  hook.enable = () => hook
  return hook
})
for (const file of (process.env['LAB_MODULES'] ?? '').split(' ')) await import(file)
setCreateHook(createHook)
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

function setCreateHook(value: typeof createHook): void {
  hooks.createHook = value
  syncBuiltinESMExports()
}
