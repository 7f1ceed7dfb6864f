// Rows of `ct top` on the screen: what is selected stays so, whatever changes about it, and is seen.
import t from 'tap'
import { painted } from '../../../dist/cli/top/line.js'
import { TableView } from '../../../dist/cli/top/table-view.js'

interface Row {
  readonly id: string
  readonly used: number | null
}

const table = () =>
  new TableView<Row>({
    columns: [
      { name: 'Id', width: 8, of: ({ id }) => id, left: true },
      { name: 'Used', width: 6, of: ({ used }) => used, shown: (value) => `${value}%` },
    ],
    keyOf: ({ id }) => id,
    textOf: ({ id }) => id,
    sort: 'Used',
  })
const rows = (...used: readonly (number | null)[]): Row[] =>
  used.map((value, index) => ({ id: `ct${index}`, used: value }))
const many = rows(...Array.from({ length: 50 }, (_, index) => index))
const shown = (view: TableView<Row>, all: readonly Row[], height: number) =>
  view.lines(all, height).map((line) => line.map(({ text }) => text).join(''))
const selected = (view: TableView<Row>, all: readonly Row[], height: number) =>
  view
    .lines(all, height)
    .flatMap(([span]) => (span?.style === 'selected' ? [span.text.trim().split(' ', 1)[0]] : []))

t.test('sorted by a column, the other way, and by another one', (t) => {
  const view = table()
  const some = rows(5, null, 20)
  t.same(shown(view, some, 4), [
    ' Id        Usedv',
    ' ct2         20%',
    ' ct0          5%',
    ' ct1           -',
  ])
  view.press('r', some)
  t.same(
    view.chosen(some).map(({ id }) => id),
    ['ct1', 'ct0', 'ct2'],
  )
  view.press('R', some)
  view.press('>', some)
  view.press('left', some)
  t.same(
    view.chosen(some).map(({ id }) => id),
    ['ct0', 'ct1', 'ct2'],
  )
  t.notOk(view.press('x', some), 'which is none of its keys')
  t.end()
})

t.test('the selected one is followed', (t) => {
  const view = table()
  view.lines(many, 11)
  t.same(selected(view, many, 11), ['ct49'], 'the first')
  view.press('down', many)
  t.same(selected(view, many, 11), ['ct48'])
  const turned = many.map((row) => ({ ...row, used: -(row.used ?? 0) }))
  t.same(selected(view, turned, 11), ['ct48'], 'at the other end, and seen')
  t.equal(view.lines(turned, 11).length, 11)
  const without = turned.filter(({ id }) => id !== 'ct48')
  t.same(selected(view, without, 11), ['ct49'], 'it has gone: what stands in its place')
  t.same(selected(view, [], 11), [])
  t.equal(view.selected([]), null)
  t.end()
})

t.test('by pages, to the ends, in any height', (t) => {
  const view = table()
  view.lines(many, 11)
  view.press('pagedown', many)
  t.same(selected(view, many, 11), ['ct39'])
  view.press('end', many)
  t.same(selected(view, many, 11), ['ct0'])
  t.equal(view.lines(many, 11).length, 11, 'the last page is full')
  view.press('down', many)
  view.press('pageup', many)
  t.same(selected(view, many, 11), ['ct10'])
  view.press('home', many)
  view.press('up', many)
  for (const height of [0, 1, 2, 100]) t.same(selected(view, many, height), ['ct49'], `${height}`)
  t.equal(view.lines(many, 100).length, 51)
  t.end()
})

t.test('filtered, and marked', (t) => {
  const view = table()
  view.filter = 'CT1'
  t.equal(view.chosen(many).length, 11)
  view.press('space', many)
  t.match(shown(view, many, 5)[1], /^\*ct19 /)
  view.press('down', many)
  t.equal(view.lines(many, 5)[1]?.[0]?.style, 'marked')
  view.press('up', many)
  view.press('space', many)
  t.match(shown(view, many, 5)[1], /^ ct19 /)
  view.filter = '.*'
  t.same(view.chosen(many), [], 'text, and no pattern')
  t.end()
})

t.test('names do nothing to a terminal, and lines end where it does', (t) => {
  const evil = [{ id: '\x1b[2J\nx', used: 1 }]
  t.match(shown(table(), evil, 3)[1], /^ \\u001b/)
  const line = [
    { text: 'abc', style: 'bold' },
    { text: 'def', style: 'marked' },
  ] as const
  t.equal(painted(line, 4, true), '\x1b[1mabc\x1b[0m\x1b[1;33md\x1b[0m')
  t.equal(painted(line, 4, false), '\x1b[1mabc\x1b[0m\x1b[1md\x1b[0m')
  t.equal(painted(line, 0, false).replaceAll(/\x1b\[[\d;]*m/g, ''), '') // eslint-disable-line no-control-regex -- of a terminal
  t.end()
})
