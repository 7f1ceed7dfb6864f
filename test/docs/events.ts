// docs/events.md has all events, each with its fields.
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { startedContainer, temporaryHost } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const text = readFileSync('docs/events.md', 'utf8')
const common = ['epoch', 'seq', 'time', 'pool', 'id', 'type']

t.test('every type has its row, with its fields', async (t) => {
  const file = 'dist/host/events.d.ts'
  const options = { strict: true, module: ts.ModuleKind.NodeNext, skipLibCheck: true }
  const program = ts.createProgram([file], options)
  const checker = program.getTypeChecker()
  const alias = program
    .getSourceFile(file)
    ?.statements.filter(ts.isTypeAliasDeclaration)
    .find(({ name }) => name.text === 'HostEvent')
  if (alias === undefined) throw new Error(`no HostEvent in ${file}`)
  const union = checker.getTypeAtLocation(alias.name)
  const declared = (union.isUnion() ? union.types : []).map((one) => {
    const kind = one.getProperty('type')
    const type = kind === undefined ? '' : checker.typeToString(checker.getTypeOfSymbol(kind))
    const fields = one.getProperties().map(({ name }) => name)
    return [type.replaceAll('"', ''), fields.filter((name) => !common.includes(name)).sort()]
  })
  const told = [...text.matchAll(/^\| `(\w+)` +\|([^|]*)\|/gm)].map(([, type, fields = '']) => [
    type,
    [...fields.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort(),
  ])
  t.ok(declared.length >= 10)
  t.same(Object.fromEntries(told), Object.fromEntries(declared))
})

t.test('which programs have an event of their end', async (t) => {
  const host = await temporaryHost(t)
  const ct = await startedContainer(host, { id: 'one' })
  const told: number[] = []
  const events = host.events()
  await ct.exec(['true'])
  await ct.exec(['cat'], { stdin: 'x' })
  await ct.exec(['sh', '-c', 'sleep 0.2; exit 3'])
  await (
    await ct.spawn(['sh', '-c', 'exit 4'])
  ).exit
  for await (const event of events) {
    if (event.type === 'session') told.push(event.code ?? -1)
    if (event.type === 'session' && event.code === 4) break
  }
  // On a busy machine the first one may take longer, too.
  t.same(told.slice(-3), [0, 3, 4])
})
