// The declarations of the boundary name what the loaded addon has: all of it, in the same order.
import t from 'tap'
import { load } from '#native'
import { boundary } from '../helpers/boundary.js'

const addon = load() as unknown as Record<string, Record<string, unknown>>
const declared = boundary()

t.strictSame(Object.keys(addon), ['setErrors', ...declared.top], 'the addon itself')

for (const [room, members] of declared.rooms) {
  t.strictSame(
    Object.keys(addon[room] ?? {}),
    members.map(({ name }) => name),
    room,
  )
  t.ok(Object.isFrozen(addon[room]), `${room} cannot be patched`)
  for (const { name, parameters } of members) {
    t.type(addon[room]?.[name], 'function', `${room}.${name}(${parameters.length})`)
  }
}

t.throws(() => {
  load().setErrors(1 as never)
}, { name: 'TypeError', message: 'addon.setErrors.args[0]: expected object' })
