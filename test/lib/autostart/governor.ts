// How many are let in, by what the pressure was: the figures are given here, those of the kernel are read in pressure.ts.
import t from 'tap'
import { Governor } from '../../../dist/autostart/governor.js'
import type { Pressure } from '../../../dist/autostart/pressure.js'
import { Queue } from '../../../dist/autostart/queue.js'
import { until } from '../../helpers/keeper-host.js'

const low: Pressure = { cpu: 0.1, io: 0, memory: 0 }
const never = new AbortController().signal

/** Turns that last until they are ended. */
function turns(
  queue: Queue,
  count: number,
): { readonly under: Set<Disposable>; readonly end: () => void } {
  const under = new Set<Disposable>()
  for (let i = 0; i < count; i++) {
    void queue.turn(0, never).then(
      (turn) => under.add(turn),
      () => undefined,
    )
  }
  const end = () => {
    for (const turn of under) turn[Symbol.dispose]()
    under.clear()
  }
  return { under, end }
}

t.test(
  'as many as always; more as long as nobody has to wait, and twice as many each time',
  async (t) => {
    let now: Pressure | null = low
    const governor = new Governor(() => now)
    const { under, end } = turns(new Queue(governor, () => 2), 40)
    await until(() => under.size === 2)
    const seen = new Set<number>()
    await until(() => {
      seen.add(under.size)
      return under.size === 40
    })
    t.match([...seen], [2, 3, 4, 6, 10, 18, 34, 40])
    now = { ...low, cpu: 0.9 }
    await until(() => governor.room <= 4)
    t.equal(under.size, 40, 'what is under way is not ended')
    now = null
    await until(() => governor.room === 0)
    end()
  },
)

t.test('where nothing is known, or it is too much, as many as always', async (t) => {
  for (const now of [null, { ...low, memory: 0.06 }, { ...low, io: 0.5 }, { ...low, cpu: 0.51 }]) {
    const governor = new Governor(() => now)
    const { under, end } = turns(new Queue(governor, () => 3), 7)
    await until(() => under.size === 3)
    await new Promise((resolve) => setTimeout(resolve, 600))
    t.equal(under.size, 3)
    end()
    await until(() => under.size === 3)
    end()
    await until(() => under.size === 1)
    end()
  }
})

t.test('the first is who is first when there is a turn, not when it began to wait', async (t) => {
  const queue = new Queue(new Governor(() => null), () => 1)
  const held = await queue.turn(5, never)
  const order: string[] = []
  const wait = async (name: string, priority: number, signal = never): Promise<void> => {
    const turn = await queue.turn(priority, signal)
    order.push(name)
    turn[Symbol.dispose]()
  }
  const gone = new AbortController()
  const all = [wait('b', 10), wait('c', 10), wait('late', 20), wait('a', 0)]
  const givenUp = wait('given up', 1, gone.signal)
  gone.abort(new Error('enough'))
  await t.rejects(givenUp, { message: 'enough' })
  held[Symbol.dispose]()
  await Promise.all(all)
  t.same(order, ['a', 'b', 'c', 'late'])
  await t.rejects(queue.turn(0, gone.signal), { message: 'enough' })
  const after = await queue.turn(0, never)
  after[Symbol.dispose]()
})
