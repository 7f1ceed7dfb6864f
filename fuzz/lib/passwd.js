// A guest's /etc/passwd and /etc/group: ids are ids, and only what decimal digits say.
import { findUser, groupsOf } from '../../dist/container/passwd.js'
import { check, Input, quickly } from './finding.js'

/** @param {unknown} id */
const isId = (id) => typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1

/** @param {Buffer} data */
export function fuzz(data) {
  const input = new Input(data)
  const name = input.text()
  const repeated = input.byte()
  const line = input.rest.toString()
  // A guest may have a long file.
  const file = repeated > 200 ? `${line}\n`.repeat(20_000 / (line.length + 1) + 1) : line
  quickly(file.length, () => {
    for (const wanted of [name, Number(name)]) {
      const user = findUser(file, wanted)
      if (user === null) continue
      check(isId(user.uid) && isId(user.gid), 'ids')
      check(
        file.includes(`:${user.uid}:`) || /:0+\d*:/.test(file),
        'a uid is what is written there',
      )
      check(user.home !== '' && typeof user.name === 'string', 'a home')
      check(!user.home.includes('\n'), 'on one line')
    }
    const groups = groupsOf(file, name)
    check(groups.every(isId), 'groups')
    check(groups.length <= 256, 'no more than a program is started with')
    check(new Set(groups).size === groups.length, 'each once')
  })
}
