// Options end at the first word that is none, and what is wrong with them is said.
import t from 'tap'
import { checkArguments, cutOptions, inParts, numberIn } from '../../../dist/cli/words.js'
import { command } from '../../../dist/cli/command.js'

const options = {
  output: { short: 'o', value: 'COLUMNS', summary: '' },
  map: { value: 'MAP', many: true, summary: '' },
  force: { short: 'f', summary: '' },
  autostart: { on: true, summary: '' },
} as const

await t.test('options and what follows them', async (t) => {
  const { given, rest } = cutOptions(
    ['-f', '-o', '-memory', '--map', 'a', '--map=b', '--no-autostart', 'web1', '-f', '--', 'x'],
    options,
  )
  t.same(given, { output: '-memory', map: ['a', 'b'], force: true, autostart: false })
  t.same(rest, ['web1', '-f', '--', 'x'])
})

await t.test('what was not said', async (t) => {
  t.same(cutOptions([], options), {
    given: { output: undefined, map: [], force: false, autostart: true },
    rest: [],
  })
})

await t.test('two dashes end them', async (t) => {
  t.same(cutOptions(['-f', '--', '-o'], options).rest, ['-o'])
  t.same(cutOptions(['-fo', 'id', '-'], options).rest, ['-'])
})

await t.test('what is wrong', async (t) => {
  const cut =
    (...words: string[]) =>
    () =>
      cutOptions(words, options)
  t.throws(cut('--nonsense', 'a'), { message: 'unknown option --nonsense' })
  t.throws(cut('--no-output'), { message: 'unknown option --no-output' })
  t.throws(cut('-x'), { message: 'unknown option -x' })
  t.throws(cut('-o'), { message: 'option -o needs a value: COLUMNS' })
  t.throws(cut('--force=yes'), { message: 'option --force takes no value' })
  t.throws(cut('--constructor'), { message: 'unknown option --constructor' })
  t.throws(cut('--__proto__'), { message: 'unknown option --__proto__' })
})

await t.test('arguments', async (t) => {
  const of = (usage: string, passes?: true) =>
    command({ usage, summary: '', ...(passes === undefined ? {} : { passes }), run: async () => 0 })
  const check =
    (usage: string, ...args: string[]) =>
    () =>
      checkArguments(args, of(usage))
  check('ID [HARD]', 'a')()
  check('ID NAMES...', 'a', 'b', 'c')()
  check('ID VALUE', 'a', '-1')()
  t.throws(check('ID NAME', 'a'), { message: 'NAME is missing' })
  t.throws(check('ID', 'a', 'b'), { message: "there is no use for 'b'" })
  t.throws(check('', 'b'), { message: "there is no use for 'b'" })
  t.throws(check('ID', 'a', '-f'), { message: 'options stand before arguments: -f' })
  checkArguments(['a', 'ls', '-l'], of('ID COMMAND...', true))
})

await t.test('numbers', async (t) => {
  t.equal(numberIn('1.5', 'X'), 1.5)
  for (const text of ['', 'x', '-1', '1x'])
    t.throws(() => numberIn(text, 'X'), /X must be a number/)
})

await t.test('names in as many parts as requests are needed', async (t) => {
  t.same(inParts([]), [[]])
  t.same(inParts(['a', 'b', 'a']), [['a', 'b']])
  const names = Array.from({ length: 1000 }, (_, number) => `tank:container${number}`)
  const parts = inParts(names)
  t.same(parts.flat(), names)
  t.ok(parts.length > 1)
  for (const part of parts) t.ok(encodeURIComponent(part.join(',')).length <= 8000)
})
