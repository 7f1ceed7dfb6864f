// A Node.js that has loaded packages and waits for the module to run: loading takes seconds under emulation.
import hooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'
import type { LoadMessage, RunMessage } from '../protocol.js'

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
process.on('message', listen)
process.send?.('warm')

function listen(message: LoadMessage | RunMessage): void {
  const done = message.type === 'load' ? load(message) : run(message)
  done.catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
}

async function load({ module }: LoadMessage): Promise<void> {
  await import(module)
  process.send?.('warm')
}

async function run({ env, cwd, module = '' }: RunMessage): Promise<void> {
  const [execPath = process.execPath] = process.argv.splice(2)
  process.execPath = execPath
  Object.assign(process.env, env)
  process.chdir(cwd)
  process.argv[1] = module
  // Node.js 20 gives a message that came early to its listener and fails when that disconnects.
  await turn()
  process.disconnect()
  process.off('message', listen)
  // Who finds it would say something to a parent that does not listen.
  delete process.send
  await import(module)
}

function setCreateHook(value: typeof createHook): void {
  hooks.createHook = value
  syncBuiltinESMExports()
}
