// Who waits for a module has loaded the packages, and the engine where that is asked for: before its machine is
// saved, and not in each one that is restored.
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'
import type { Machine } from '../machine.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const engine = `${projectInGuest}/dist/index.js`

/** Whose words a module has that is given to it when the engine is another one than it was. */
async function engineOf(machine: Machine, lab: Lab): Promise<string> {
  const module = `${projectInGuest}/look.js`
  const input = `import { Host } from '${engine}'; console.log(typeof Host)`
  await machine.run(['tee', engine], { input: "export const Host = 'another'" })
  await machine.run(['tee', module], { input })
  const { stdout, stderr } = await machine.runModule(module, { env: lab.env })
  return (stdout + stderr).trim()
}

/** Ticks of a processor that it has had. */
function ticks(machine: Machine): Promise<string> {
  return machine.shell(
    'set -- $(cat /proc/$(pgrep -of lab/spare.js)/stat); echo $((${14} + ${15}))',
  )
}

for (const loaded of [false, true]) {
  t.test(loaded ? 'the engine too' : 'the packages', async (t) => {
    await using lab = await Lab.open({ loaded })
    for (let i = 0; i < 2; i++) {
      await using machine = await lab.machine()
      const before = Number(await ticks(machine))
      await machine.shell('sleep 2')
      const had = Number(await ticks(machine)) - before
      t.ok(had < 20, `it waits, and does nothing: ${had} ticks`)
      t.equal(await engineOf(machine, lab), loaded ? 'function' : 'string')
    }
  })
}

t.test('what cannot be loaded', async (t) => {
  await using lab = await Lab.open()
  await using machine = await lab.machine()
  await t.rejects(machine.load('/nowhere.js'), { message: /ERR_MODULE_NOT_FOUND/ })
  await t.rejects(machine.load('/nowhere.js'), { message: 'nothing waits' })
})
