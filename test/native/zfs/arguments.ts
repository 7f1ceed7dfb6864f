// What the boundary refuses: wrong types by name.
import t from 'tap'
import { native } from '../../../lib/native.js'

const { zfs } = native
const untyped = zfs as unknown as Record<string, (...args: unknown[]) => unknown>
const flags = { largeBlocks: false, embedded: false, compressed: false, raw: false }
const receiving = { origin: null, force: false, resumable: false }

const good: Record<string, unknown[]> = {
  exists: ['tank'],
  list: ['tank', { depth: 0n, snapshots: false, properties: [] }],
  create: ['tank/a', []],
  clone: ['tank/a@s', 'tank/b', []],
  promote: ['tank/a'],
  rename: ['tank/a', 'tank/b'],
  destroy: ['tank/a'],
  rollback: ['tank/a', 'tank/a@s'],
  setProperties: ['tank/a', []],
  inheritProperty: ['tank/a', 'quota'],
  snapshot: [['tank/a@s'], []],
  destroySnapshots: [['tank/a@s'], false],
  bookmark: [[]],
  destroyBookmarks: [['tank/a#b']],
  bookmarks: ['tank/a'],
  hold: [[]],
  release: [[]],
  holds: ['tank/a@s'],
  pipe: [],
  send: ['tank/a@s', null, 1, flags, null],
  sendSpace: ['tank/a@s', null, flags],
  receive: ['tank/b@s', [], receiving, 0],
  unpack: [Buffer.alloc(1)],
  runProgram: ['tank', 'return 1', [], false, { instructions: 1n, memory: 1n }],
}
const nullable = new Set(['send.1', 'send.4', 'sendSpace.1'])

t.test('every function of the room is listed here', (t) => {
  t.same(Object.keys(zfs), Object.keys(good))
  t.end()
})

t.test('each function says which argument is wrong', (t) => {
  for (const [name, args] of Object.entries(good)) {
    for (let i = 0; i < args.length; i++) {
      for (const bad of [undefined, null, Symbol('no'), 1.5]) {
        if (bad === null && nullable.has(`${name}.${i}`)) continue
        t.throws(
          () => untyped[name]?.(...args.with(i, bad)),
          { name: 'TypeError', message: new RegExp(`^zfs\\.${name}\\.args\\[${i}\\]\\S*: expected `) },
          `${name}, argument ${i}: ${typeof bad}`,
        )
      }
    }
  }
  t.end()
})

t.test('values of entries', (t) => {
  for (const value of [1, null, undefined, {}, [1], Symbol('no')]) {
    t.throws(() => untyped['create']?.('tank/a', [{ name: 'a', value }]), {
      name: 'TypeError',
      message: /^zfs\.create\.args\[1\]\[0\]\.value\S*: expected /,
    })
  }
  t.throws(() => untyped['hold']?.([{ snapshot: 'tank/a@s' }]), /args\[0\]\[0\]\.tag: expected/)
  t.end()
})

t.test('descriptors are from 0 on', (t) => {
  for (const fd of [-1, 2 ** 31, Number.NaN]) {
    t.throws(() => untyped['send']?.('tank/a@s', null, fd, flags, null), /args\[2\]: expected/)
    t.throws(() => untyped['receive']?.('tank/a@s', [], receiving, fd), /args\[3\]: expected/)
  }
  t.end()
})

t.test('where a stream goes on', (t) => {
  for (const resume of [{ object: 1n }, { object: 1, offset: 1n }, { object: 1n, offset: 2n ** 64n }]) {
    t.throws(() => untyped['send']?.('tank/a@s', null, 1, flags, resume), /args\[4\]\.\w+: expected/)
  }
  t.end()
})
