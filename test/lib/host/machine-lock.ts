// A section that the whole machine has one of: another process in it is waited for, and is shown by its pid.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { heldMachineLocks, withMachineLock } from '../../../lib/host/lock.js'
import { Locks } from '../../../lib/host/locks.js'
import { Operation } from '../../../lib/host/operation.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root')
const directory = t.testdir({})
const op = (name: string, signal?: AbortSignal) =>
  new Operation(new Locks(), name, 'user tank:web1', { signal })
const section = (name: string, work: () => Promise<unknown>, signal?: AbortSignal) =>
  withMachineLock(op(name, signal), directory, 'ids', work)

/** A process that is in the section until its input ends. */
async function otherProcess() {
  const at = (path: string) =>
    JSON.stringify(new URL(`../../../dist/${path}`, import.meta.url).href)
  const child = spawn(process.execPath, [
    ...['--input-type=module', '-e'],
    `import { once } from 'node:events'
     import { withMachineLock } from ${at('host/lock.js')}
     import { Locks } from ${at('host/locks.js')}
     import { Operation } from ${at('host/operation.js')}
     const op = new Operation(new Locks(), 'other', 'user tank:other')
     await withMachineLock(op, ${JSON.stringify(directory)}, 'ids', async () => {
       process.stdout.write('in')
       await once(process.stdin.resume(), 'end')
     })`,
  ])
  child.stderr.pipe(process.stderr)
  await once(child.stdout, 'data')
  return child
}

await t.test('in this process they queue up and are shown', async (t) => {
  const heard: number[] = []
  const one = async (n: number) => {
    heard.push(n)
    if (n === 0) {
      t.match(heldMachineLocks(), [
        {
          resource: 'machine ids',
          holder: 'op0 of user tank:web1',
          pid: process.pid,
          waiters: [{ holder: 'op1 of user tank:web1' }, { holder: 'op2 of user tank:web1' }],
        },
      ])
    }
    await sleep(5)
  }
  await Promise.all([0, 1, 2].map((n) => section(`op${n}`, () => one(n))))
  t.same(heard, [0, 1, 2])
  t.same(heldMachineLocks(), [])
})

await t.test('another process that holds it has its pid, and those here wait', async (t) => {
  const other = await otherProcess()
  let done = false
  const waiting = section('mine', async () => void (done = true))
  while (heldMachineLocks()[0]?.pid !== other.pid) await sleep(2)
  t.match(heldMachineLocks(), [
    { resource: 'machine ids', holder: 'another process', waiters: [{ holder: /^mine of/ }] },
  ])
  const controller = new AbortController()
  const given = section('given up', async () => t.fail('it was given up'), controller.signal)
  controller.abort()
  await t.rejects(given, { name: 'AbortError' })
  t.equal(done, false)
  other.stdin.end()
  await once(other, 'exit')
  await waiting
  t.equal(done, true)
  t.same(heldMachineLocks(), [])
})

await t.test('who waits for another process can give up, and holds nothing then', async (t) => {
  const other = await otherProcess()
  const controller = new AbortController()
  const given = section('given up', async () => t.fail('it was given up'), controller.signal)
  await sleep(20)
  controller.abort()
  await t.rejects(given, { name: 'AbortError' })
  t.same(heldMachineLocks(), [])
  other.kill('SIGKILL')
  await once(other, 'exit')
  t.equal(await section('next', async () => 1), 1, 'one that was killed holds it no more')
})
