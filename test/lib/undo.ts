import t from 'tap'
import { Undo } from '../../dist/undo.js'

t.test('runs steps newest first when the scope is left without commit', async (t) => {
  const ran: number[] = []
  {
    await using undo = new Undo()
    undo.add(() => ran.push(1))
    undo.add(async () => {
      await new Promise(setImmediate)
      ran.push(2)
    })
  }
  t.same(ran, [2, 1])
})

t.test('commit forgets the steps', async (t) => {
  const ran: number[] = []
  {
    await using undo = new Undo()
    undo.add(() => ran.push(1))
    undo.commit()
  }
  t.same(ran, [])
})

t.test(
  'a step that fails becomes a warning, and hides neither the others nor the cause',
  async (t) => {
    const ran: number[] = []
    const warnings: Error[] = []
    const listen = (warning: Error) => warnings.push(warning)
    process.on('warning', listen)
    t.teardown(() => process.off('warning', listen))
    const operation = async () => {
      await using undo = new Undo()
      undo.add(() => ran.push(1))
      undo.add(() => {
        throw new Error('no such cgroup')
      })
      undo.add(() => ran.push(3))
      throw new Error('the cause')
    }
    await t.rejects(operation(), { message: 'the cause' })
    await new Promise(setImmediate)
    t.same(ran, [3, 1])
    t.match(warnings, [{ code: 'VPSADMINOS_UNDO', message: /no such cgroup/ }])
  },
)
