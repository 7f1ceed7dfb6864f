// An import can be aborted, before it begins and in its middle.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { archive, entry, scratch, testStore } from '../../helpers/image.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'tar')
const name = { distribution: 'x', version: '1' }

t.test('before: nothing is touched', async (t) => {
  const { store, pool } = await testStore(t)
  const signal = AbortSignal.abort(new Error('not today'))
  await t.rejects(store.import({ path: '/nowhere', ...name }, { signal }), { message: 'not today' })
  t.strictSame(readdirSync(pool), [])
})

t.test('during: what was done is undone', async (t) => {
  const { store, left } = await testStore(t)
  const path = join(scratch(t), 'image.tar')
  const files = Array.from({ length: 50 }, (_, i) =>
    entry({ name: `${i}`, data: Buffer.alloc(1e6) }),
  )
  writeFileSync(path, archive(...files))
  const controller = new AbortController()
  const reason = new Error('enough')
  await t.rejects(
    store.import(
      { path, ...name },
      {
        signal: controller.signal,
        onProgress: ({ bytes }) => {
          t.match(left(), [/^\.staging-/])
          t.ok(bytes < 50e6)
          controller.abort(reason)
        },
      },
    ),
    reason,
  )
  t.strictSame(left(), [])
  t.equal((await store.import({ path, ...name })).entries, 50, 'and it can be done again')
})
