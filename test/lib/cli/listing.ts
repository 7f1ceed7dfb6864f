// Columns are chosen, sorted and printed as it was asked for.
import t from 'tap'
import { Listing, plain } from '../../../dist/cli/listing.js'
import type { Session } from '../../../dist/cli/session.js'
import { bytes, microseconds } from '../../../dist/cli/humanize.js'
import { visible } from '../../../dist/cli/table.js'
import { sizeIn } from '../../../dist/cli/sizes.js'

const COLUMNS = [
  ...plain('id', 'blockSize'),
  { name: 'memory', of: 'memory', shown: bytes, right: true as const },
]
const first = { id: 'b', blockSize: 2, memory: 2 ** 30, attributes: { 'org.example:team': 'web' } }
const THINGS = [first, { id: 'a', blockSize: null, memory: 512, attributes: {} }]

interface Asked {
  readonly output?: string
  readonly sort?: string
  readonly hideHeader?: boolean
  readonly json?: boolean
  readonly parsable?: boolean
}

function printed({ output, sort, hideHeader = false, ...said }: Asked, one = false): string {
  let text = ''
  const session = {
    json: false,
    parsable: false,
    ...said,
    print: (more: string) => (text += more),
  } as unknown as Session
  const options = { output, sort, list: false, 'hide-header': hideHeader }
  const listing = new Listing(COLUMNS, options, ['id', 'memory'])
  if (one) listing.printOne(session, first)
  else listing.print(session, THINGS)
  return text
}

await t.test('columns', async (t) => {
  t.equal(printed({}), 'ID  MEMORY\nb       1G\na      512\n')
  t.equal(printed({ parsable: true, hideHeader: true }), 'b  1073741824\na         512\n')
  t.equal(printed({ output: 'id,block_size' }), 'ID  BLOCK_SIZE\nb   2\na   -\n')
  t.equal(
    printed({ output: '+block_size' }),
    'ID  MEMORY  BLOCK_SIZE\nb       1G  2\na      512  -\n',
  )
  t.equal(printed({ output: '-memory' }), 'ID\nb\na\n')
  t.equal(printed({ output: '' }), '')
  t.equal(printed({ output: 'all', hideHeader: true }), 'b  2   1G\na  -  512\n')
  t.equal(printed({ output: 'id,org.example:team', hideHeader: true }), 'b  web\na  -\n')
  t.throws(() => printed({ output: 'nonsense' }), {
    message: "there is no column 'nonsense'; -L lists them",
  })
})

await t.test('sorting by what stands behind it', async (t) => {
  t.equal(printed({ sort: 'memory', output: 'id', hideHeader: true }), 'a\nb\n')
  t.equal(printed({ sort: 'block_size,id', output: 'id', hideHeader: true }), 'a\nb\n')
})

await t.test('rows of one thing', async (t) => {
  t.equal(printed({}, true), '    ID:  b\nMEMORY:  1G\n')
  t.equal(printed({ hideHeader: true }, true), 'b\n1G\n')
})

await t.test('JSON has all that was told, and attributes by their names', async (t) => {
  t.same(JSON.parse(printed({ json: true, output: 'id' })), [
    { 'org.example:team': 'web', id: 'b', block_size: 2, memory: 2 ** 30 },
    { id: 'a', block_size: null, memory: 512 },
  ])
})

await t.test('text of a container cannot reach the terminal', async (t) => {
  let text = ''
  const session = { json: false, parsable: false, print: (more: string) => (text += more) }
  const listing = new Listing(plain('hostname'), {
    output: undefined,
    list: false,
    'hide-header': true,
  })
  listing.print(session as unknown as Session, [{ hostname: 'a\x1b[2Jb\nc\x9bd' }])
  t.equal(text, String.raw`a\u001b[2Jb\nc\u009bd` + '\n')
})

await t.test('numbers for people, and from them', async (t) => {
  t.equal(bytes(1023), '1023')
  t.equal(bytes(1.5 * 2 ** 20), '1.5M')
  t.equal(bytes(2 ** 41), '2T')
  t.equal(microseconds(1_500_000), '1.5s')
  t.equal(microseconds(61e6), '01:01')
  t.equal(microseconds(3661e6), '1:01:01')
  t.equal(microseconds(90061e6), '1d 01:01:01')
  t.equal(sizeIn('512m', 'X'), 512 * 2 ** 20)
  t.equal(sizeIn('1.5G', 'X'), 1.5 * 2 ** 30)
  t.throws(() => sizeIn('many', 'X'), /X must be bytes/)
})

await t.test('a text whose lines a terminal must not obey', (t) => {
  t.equal(visible('a\tb\n\x1b]0;x\x07\u202e\r'), 'a\tb\n\\u001b]0;x\\u0007\\u202e\\u000d')
  t.end()
})
