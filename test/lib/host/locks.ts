// Locks: who is refused, who waits, whose turn it is, who is shown; and the order that they are taken in.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { BusyError } from '../../../lib/host/errors.js'
import { assertOrder, claim, Locks, type Claim, type LockMode } from '../../../lib/host/locks.js'
import { Operation } from '../../../lib/host/operation.js'
import { upTo } from '../../helpers/time.js'

/** Who was in the way */
function refused(locks: Locks, wanted: Claim): string {
  try {
    locks.take(wanted, who('late'))
  } catch (error) {
    if (error instanceof BusyError) return error.holder
    throw error
  }
  return 'nobody'
}

const never = { timeoutMs: Infinity, signal: undefined }
const who = (holder: string, label: string | null = null) => ({ holder, label })
const web = (mode: LockMode = 'exclusive') => claim('container', 'tank:web1', mode)

await t.test('who does not wait is told who holds it, for whom, and since when', async (t) => {
  const locks = new Locks()
  const lock = locks.take(web(), who('start', 'nightly'))
  await sleep(20)
  t.throws(() => locks.take(web(), who('stop')), {
    code: 'ERR_BUSY',
    resource: 'container tank:web1',
    holder: 'start',
    label: 'nightly',
    message: /^container tank:web1 is busy: start \(nightly\), for \d+ ms$/,
  })
  const [held, ...more] = locks.list()
  t.match(held, { resource: 'container tank:web1', holder: 'start', label: 'nightly' })
  t.match(held, { mode: 'exclusive', pid: process.pid, waiters: [] })
  t.ok((held?.ageMs ?? 0) >= 15, 'its age')
  t.same(more, [])
  lock[Symbol.dispose]()
  lock[Symbol.dispose]()
  t.same(locks.list(), [])
  locks.take(web(), who('stop'))[Symbol.dispose]()
})

await t.test('several share a lock; one alone has it', async (t) => {
  const locks = new Locks()
  const [one, two] = [locks.take(web('shared'), who('a')), locks.take(web('shared'), who('b'))]
  t.same(
    locks.list().map(({ holder }) => holder),
    ['a', 'b'],
  )
  t.equal(refused(locks, web()), 'a')
  one[Symbol.dispose]()
  t.equal(refused(locks, web()), 'b')
  two[Symbol.dispose]()
  const alone = locks.take(web(), who('c'))
  t.equal(refused(locks, web('shared')), 'c')
  alone[Symbol.dispose]()
})

await t.test(
  'those who wait have their turn in order; many who share keep nobody out',
  async (t) => {
    const locks = new Locks()
    const heard: string[] = []
    const first = locks.take(web('shared'), who('first'))
    const wait = async (name: string, mode: LockMode) => {
      using _lock = await locks.wait(web(mode), who(name), never)
      heard.push(name)
      await sleep(5)
    }
    const all = [wait('alone', 'exclusive'), wait('s1', 'shared'), wait('s2', 'shared')]
    all.push(wait('last', 'exclusive'))
    t.equal(refused(locks, web('shared')), 'alone', 'none comes before those who wait')
    t.match(locks.list(), [
      {
        holder: 'first',
        waiters: [
          { holder: 'alone', mode: 'exclusive' },
          { holder: 's1', mode: 'shared' },
          { holder: 's2', mode: 'shared' },
          { holder: 'last' },
        ],
      },
    ])
    await sleep(20)
    t.same(heard, [])
    first[Symbol.dispose]()
    await Promise.all(all)
    t.same(heard, ['alone', 's1', 's2', 'last'])
    t.same(locks.list(), [])
  },
)

await t.test('who waits too long, or gives up, is out, and holds up nobody', async (t) => {
  const locks = new Locks()
  const first = locks.take(web('shared'), who('first'))
  const controller = new AbortController()
  const late = locks.wait(web(), who('late'), { timeoutMs: 30, signal: undefined })
  const gone = locks.wait(web(), who('gone'), { timeoutMs: Infinity, signal: controller.signal })
  const shares = locks.wait(web('shared'), who('shares'), never)
  await t.rejects(late, { code: 'ERR_BUSY', holder: 'first' })
  t.match(locks.list(), [{ waiters: [{ holder: 'gone' }, { holder: 'shares' }] }])
  controller.abort(new Error('enough'))
  await t.rejects(gone, { message: 'enough' })
  const second = await shares
  await t.rejects(locks.wait(web(), who('x'), { timeoutMs: 9, signal: controller.signal }), {
    message: 'enough',
  })
  first[Symbol.dispose]()
  second[Symbol.dispose]()
  t.same(locks.list(), [])
})

await t.test('an operation has its name, its label and its subject in what it holds', async (t) => {
  const locks = new Locks()
  const op = new Operation(locks, 'start', 'container tank:web1', { label: 'nightly' })
  await op.lock([web(), claim('pool', 'tank', 'shared')])
  t.match(locks.list(), [
    { resource: 'pool tank', holder: 'start of container tank:web1', label: 'nightly' },
    { resource: 'container tank:web1', holder: 'start', label: 'nightly' },
  ])
  const waiting = new Operation(locks, 'stop', 'container tank:web1', { wait: upTo(1000) })
  const granted = waiting.lock([web()])
  const refused = new Operation(locks, 'delete', 'container tank:web1')
  await t.rejects(refused.lock([claim('pool', 'tank', 'shared'), web()]), { code: 'ERR_BUSY' })
  t.equal(locks.list().length, 2, 'who is refused one lock has none')
  op[Symbol.dispose]()
  await granted
  t.match(locks.list(), [{ holder: 'stop' }])
  waiting[Symbol.dispose]()
  t.same(locks.list(), [])
})

await t.test('locks are taken from the outside in, or not at all', async (t) => {
  const locks = new Locks()
  using op = new Operation(locks, 'test', 'container tank:b')
  const container = (id: string) => claim('container', `tank:${id}`)
  await op.lock([container('b'), claim('pool', 'tank', 'shared')])
  const wrong = { code: 'ERR_LOCK_ORDER' }
  await t.rejects(op.lock([claim('pool', 'zoo')]), wrong, 'a pool after a container')
  await t.rejects(op.lock([container('a')]), wrong, 'of two of a kind the other way round')
  await t.rejects(op.lock([container('b')]), wrong, 'the same again')
  t.equal(locks.list().length, 2, 'nothing was taken')
  const user = await op.lock([claim('user', 'tank:b')])
  await t.rejects(op.lock([claim('group', 'tank:/')]), wrong)
  user[Symbol.dispose]()
  await op.lock([claim('group', 'tank:/', 'shared')])
  t.doesNotThrow(() => assertOrder([container('a')], container('b')))
})
