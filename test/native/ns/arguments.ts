// What the boundary refuses: wrong types by name, wrong handles.
import t from 'tap'
import { native } from '../../../lib/native.js'

const { ns } = native
const untyped = ns as unknown as Record<string, (...args: unknown[]) => unknown>
const map = [{ nsId: 0, hostId: 1, count: 1 }]

const good: Record<string, unknown[]> = {
  pidfdOpen: [1],
  pidfdSendSignal: [0, 0],
  pidfdGetfd: [0, 0],
  pidfdPid: [0],
  watchExit: [0, false, () => undefined],
  lockFile: [0],
  notify: ['/none', ''],
  namespaceIds: [1],
  createUserNs: [map, map],
  cloneMount: ['/', 0, 0, false],
  newMount: ['tmpfs', [], 0],
  closeMount: [0, 'tank/none'],
  setMountAttributes: [0, 0, 0, 0, false],
  moveMount: [0, '/'],
  umount: ['/nowhere', false],
  removeTree: ['/nowhere', ns.newStop()],
  cloneTree: ['/nowhere', '/nowhere', false, ns.newStop()],
  canReflink: ['/nowhere'],
  flushFilesystem: ['/nowhere'],
  openFileInRoot: [0, 'a', 0, 0],
  readFileInRoot: [0, 'a', 0],
  writeFileInRoot: [0, 'a', Buffer.alloc(0), 0, 0, 0],
  mkdirInRoot: [0, 'a', 0, 0, 0],
  symlinkInRoot: [0, 'a', 'b'],
  readlinkInRoot: [0, 'a'],
  unlinkInRoot: [0, 'a'],
  statInRoot: [0, 'a', false],
}
const nullable = new Set([
  'cloneMount.1',
  'closeMount.1',
  'setMountAttributes.3',
  'removeTree.1',
  'cloneTree.3',
  'writeFileInRoot.4',
  'writeFileInRoot.5',
  'mkdirInRoot.3',
  'mkdirInRoot.4',
])

t.test('every function of the room is listed here', (t) => {
  const others = ['unwatch', 'newStop', 'stop']
  t.same(Object.keys(ns).sort(), [...Object.keys(good), ...others].sort())
  t.end()
})

t.test('each function says which argument is wrong', (t) => {
  for (const [name, args] of Object.entries(good)) {
    for (let i = 0; i < args.length; i++) {
      for (const bad of [undefined, null, Symbol('no'), {}]) {
        if (bad === null && nullable.has(`${name}.${i}`)) continue
        t.throws(
          () => untyped[name]?.(...args.with(i, bad)),
          { name: 'TypeError', message: new RegExp(`^ns\\.${name}\\.args\\[${i}\\]: expected `) },
          `${name}, argument ${i}: ${typeof bad}`,
        )
      }
    }
  }
  t.end()
})

t.test('numbers that are none of the kind', (t) => {
  for (const bad of [-1, 1.5, NaN, Infinity, 2 ** 31]) {
    t.throws(() => ns.pidfdPid(bad), TypeError, `descriptor ${bad}`)
  }
  t.throws(
    () => untyped['createUserNs']?.([{ ...map[0], count: -1 }], map),
    /\[0\]\.count: expected/,
  )
  t.throws(() => untyped['newMount']?.('tmpfs', [['size']], 0), /args\[1\]\[0\]: expected \[string/)
  t.throws(() => untyped['newMount']?.('tmpfs', [[null, 'x']], 0), /args\[1\]\[0\]/)
  t.end()
})

t.test('a stopped handle is closed', (t) => {
  const stop = ns.newStop()
  ns.stop(stop)
  ns.stop(stop)
  t.throws(() => ns.removeTree('/nowhere', stop), { code: 'ERR_CLOSED' })
  t.end()
})
