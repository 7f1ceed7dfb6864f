// The list of what was started by itself: a line more for each, and all lines anew once for as many as go together.
import { mkdirSync, readFileSync, rmdirSync, statSync, watch, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { StartedList } from '../../../dist/autostart/started-list.js'
import { until } from '../../helpers/keeper-host.js'
import { testDirectory } from '../../helpers/system.js'

const text = (path: string) => readFileSync(path, 'utf8')
const many = Array.from({ length: 100 }, (_, index) => `ct${index}`)

t.test('one that comes is added, one that is there is not', async (t) => {
  const path = join(testDirectory(t), 'not/there/yet/list')
  const list = new StartedList(path)
  await list.add('first')
  const { ino } = statSync(path)
  await list.add('second')
  await list.add('first')
  await Promise.all(many.map((id) => list.add(id)))
  t.equal(text(path), ['first', 'second', ...many, ''].join('\n'))
  t.equal(statSync(path).ino, ino, 'it was not written anew')
  t.same([...(await new StartedList(path).ids())], ['first', 'second', ...many])
})

t.test('those that go together are one change', async (t) => {
  const path = join(testDirectory(t), 'list')
  writeFileSync(path, [...many, 'stays', ''].join('\n'))
  const list = new StartedList(path)
  await list.ids()
  const seen: (string | null)[] = []
  const watcher = watch(dirname(path), (_event, name) => void seen.push(name))
  t.teardown(() => watcher.close())
  await Promise.all([
    ...many.map((id) => list.remove(id)),
    list.remove('nobody'),
    list.add('comes'),
  ])
  t.equal(text(path), 'stays\ncomes\n')
  // What has happened until then was seen when this is.
  writeFileSync(join(dirname(path), 'end'), '')
  await until(() => seen.includes('end'))
  const times = seen.filter((name) => name === basename(path)).length
  t.ok(times > 0 && times < 10, `${times} times`)
  await list.remove('comes')
  await list.add('comes')
  t.equal(text(path), 'stays\ncomes\n')
})

t.test('a line that was cut off is none, and spoils none', async (t) => {
  const path = join(testDirectory(t), 'list')
  writeFileSync(path, 'one\ntw')
  const list = new StartedList(path)
  t.same([...(await list.ids())], ['one'])
  await list.add('three')
  t.equal(text(path), 'one\nthree\n')
})

t.test('what could not be written is with the next one', async (t) => {
  const path = join(testDirectory(t), 'list')
  mkdirSync(path)
  const list = new StartedList(path)
  await t.rejects(list.add('one'), { code: 'EISDIR' })
  rmdirSync(path)
  await list.add('two')
  t.equal(text(path), 'one\ntwo\n')
})
