// Whatever a caller without types gives to whichever call: it is taken, or refused by an error of ours. Never does a
// mistake of JavaScript's own come out, of which nobody could tell whose it was.
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import ts from 'typescript'
import { errorCodes, Host, parseSize, SystemError } from 'vpsadminos'
import { busybox, temporaryHost } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')

/** Public methods of a class, with the names of their parameters, as its file declares them. */
function methodsOf(file: string, name: string): Map<string, string[]> {
  const text = readFileSync(`lib/${file}.ts`, 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
  const found = source.statements
    .filter((node) => ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node))
    .find((node) => node.name?.text === name)
  if (found === undefined) throw new Error(`no class ${name} in ${file}`)
  const methods = new Map<string, string[]>()
  for (const member of found.members) {
    if (!ts.isMethodDeclaration(member) && !ts.isMethodSignature(member)) continue
    if (!ts.isIdentifier(member.name)) continue
    const isInternal = ts
      .getJSDocCommentsAndTags(member)
      .some((doc) => doc.getText().includes('@internal'))
    const isStatic = ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Static
    if (isInternal || isStatic !== 0) continue
    const parameters = member.parameters.map((one) => one.name.getText())
    // Of several signatures the last one is that of the method itself.
    methods.set(member.name.text, parameters)
  }
  return methods
}

/** What is right, by the name of the parameter: what comes after it is looked at only then. */
const right: Record<string, unknown> = {
  reference: 'one',
  references: ['one'],
  id: 'one',
  name: 'nobody-has-this',
  args: ['true'],
  target: 'stopped',
  path: '/nowhere',
  source: 'text',
  user: 'root',
  password: 'x',
  message: 'x',
  signal: 'SIGTERM',
  group: '/default',
  config: 'hostname: x\n',
  dataset: 'nowhere/at/all',
  at: '/nowhere',
  from: 'a',
  to: 'b',
  pids: [1],
  processes: [],
  fields: ['id'],
  names: 'hostname',
  newId: 'two',
}

const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

const wrong: [what: string, value: unknown][] = [
  ['null', null],
  ['a number', 5],
  ['NaN', Number.NaN],
  ['a BigInt', 5n],
  ['text', 'w'],
  ['a symbol', Symbol('w')],
  ['a list', ['w']],
  ['a list of null', [null]],
  ['a list of symbols', [Symbol('w')]],
  ['an empty list', []],
  ['a function', () => 0],
  ['an object without a prototype', Object.assign(Object.create(null) as object, { nope: 1 })],
  ['an object that has other keys', { nope: 1 }],
  ['an object that has itself', cyclic],
  ['a wrong signal', { signal: 5 }],
  ['a wrong time', { wait: 'x', timeout: Number.NaN, pauseMs: Number.NaN }],
  ['wrong everything', { wait: null, label: 5, signal: null, image: 5, figures: 5, pool: 5 }],
]

/** @returns what has come of it that is none of ours; null for all that is well */
async function mistakeOf(call: () => unknown): Promise<string | null> {
  try {
    const given = await call()
    if (typeof given !== 'object' || given === null) return null
    if (Symbol.asyncIterator in given && 'next' in given && 'return' in given) {
      const items = given as AsyncGenerator<unknown>
      // Events wait for something to happen.
      const next = items.next()
      await items.return(undefined)
      await next
    }
    return null
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const ours = code in errorCodes || error instanceof SystemError
    return ours ? null : String(error instanceof Error ? error.stack : error)
  }
}

// The first would end what the others need; to the last, text is right.
const LEFT_OUT = new Set(['Host.close', 'Host.shutdown', 'Host.abortShutdown', 'Container.rename'])

async function tryAll(t: Test, handle: object, file: string, name: string): Promise<void> {
  let calls = 0
  for (const [method, parameters] of methodsOf(file, name)) {
    if (LEFT_OUT.has(`${name}.${method}`)) continue
    for (const [index] of parameters.entries()) {
      const before = parameters.slice(0, index).map((one) => right[one])
      for (const [what, value] of wrong) {
        const call = Reflect.get(handle, method) as (...args: unknown[]) => unknown
        const mistake = await mistakeOf(() => call.call(handle, ...before, value))
        if (mistake !== null)
          t.fail(`${name}.${method}(${parameters[index]}: ${what}) is refused in our words`, {
            mistake,
          })
        calls++
      }
    }
  }
  t.ok(calls > 0, `${name}: ${calls} calls`)
}

t.setTimeout(upTo(120_000))
const host = await temporaryHost(t)
const pool = host.pools.get('tank')
const image = host.images.list()[0]?.id ?? ''
const one = await host.containers.create({ id: 'one', image: busybox })

await t.test('of what all is reached by', async (t) => {
  await tryAll(t, host, 'host/host', 'Host')
  await tryAll(t, host.pools, 'pool/pools', 'Pools')
  await tryAll(t, host.idRanges, 'id-range/id-ranges', 'IdRanges')
  await tryAll(t, host.users, 'user/users', 'Users')
  await tryAll(t, host.groups, 'group/groups', 'Groups')
  await tryAll(t, host.images, 'image/images', 'Images')
  await tryAll(t, host.containers, 'container/containers', 'Containers')
})

await t.test('of a pool and what is in it', async (t) => {
  await tryAll(t, pool, 'pool/pool', 'Pool')
  await tryAll(t, pool.autostart, 'autostart/autostart', 'Autostart')
  await tryAll(t, pool.history, 'history/history', 'History')
  await tryAll(t, pool.attributes, 'attribute/attributes', 'Attributes')
  await tryAll(t, host.users.get('one'), 'user/user', 'User')
  await tryAll(t, host.groups.get('/default'), 'group/group', 'Group')
  await tryAll(t, host.idRanges.get('default'), 'id-range/id-range', 'IdRange')
})

await t.test('of a container that is stopped', async (t) => {
  await tryAll(t, one, 'container/container', 'Container')
  for (const [part, file, name] of [
    [one.datasets, 'dataset/datasets', 'Datasets'],
    [one.snapshots, 'dataset/snapshots', 'Snapshots'],
    [one.mounts, 'mount/mounts', 'Mounts'],
    [one.attributes, 'attribute/attributes', 'Attributes'],
  ] as const)
    await tryAll(t, part, file, name)
})

await t.test('of a container that runs', async (t) => {
  const two = await host.containers.create({ id: 'running', image: busybox })
  await two.start()
  await tryAll(t, two, 'container/container', 'Container')
})

await t.test('of no handle', async (t) => {
  for (const [what, value] of wrong) {
    const untyped = value as never
    for (const call of [
      () => Host.open(untyped),
      () => Host.open({ stateDir: '/nowhere/at/all' }, untyped),
      () => Host.temporary(untyped),
      () => Host.temporary({ directory: '/nowhere/at/all' }, untyped),
    ])
      t.equal(await mistakeOf(async () => (await call()).close()), null, what)
    t.equal(parseSize(untyped), null, `parseSize(${what})`)
  }
})

await t.test('and all is as it was', async (t) => {
  t.equal(host.containers.get('one').state, 'stopped')
  t.equal(host.images.list()[0]?.id, image)
  t.same((await host.audit()).leftovers, [])
  t.same(await host.healthcheck({ entities: 'all' }), [])
})
