// The compiler's half of the double guard: a value of a wrong type is an error at compile time,
// for every parameter of every function. The other half, at run time, is in <room>/arguments.ts.
import { join, dirname } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { boundary, declarations, options } from '../helpers/boundary.js'

const { rooms } = boundary()
const file = join(dirname(declarations), 'every-call.ts')

/** `value(i, n)` is the argument in place i of n. */
function everyCall(value: (i: number, parameter: number) => string): string {
  const lines = ["import { native } from './native.js'", 'declare const wrong: symbol']
  for (const [room, members] of rooms) {
    for (const { name, parameters } of members) {
      for (const parameter of parameters.keys()) {
        const args = parameters.map((_, i) => value(i, parameter)).join(', ')
        lines.push(`native.${room}.${name}(${args}) // ${room}.${name} ${parameter}`)
      }
    }
  }
  return lines.join('\n')
}

/** The comments of the lines that do not compile, each once. */
function refused(text: string): string[] {
  const host = ts.createCompilerHost(options)
  const inMemory: ts.CompilerHost = {
    ...host,
    fileExists: (name) => name === file || host.fileExists(name),
    readFile: (name) => (name === file ? text : host.readFile(name)),
    getSourceFile: (name, ...rest) =>
      name === file
        ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2023)
        : host.getSourceFile(name, ...rest),
  }
  const program = ts.createProgram([file], options, inMemory)
  const lines = text.split('\n')
  const found = ts.getPreEmitDiagnostics(program).map(({ file: source, start = 0, messageText }) => {
    if (source?.fileName !== file) throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
    return lines[source.getLineAndCharacterOfPosition(start).line]?.split(' // ')[1] ?? ''
  })
  return [...new Set(found)]
}

const every = [...rooms].flatMap(([room, members]) =>
  members.flatMap(({ name, parameters }) => [...parameters.keys()].map((i) => `${room}.${name} ${i}`)),
)

t.strictSame(
  refused(everyCall(() => 'undefined as never')),
  [],
  'the calls compile when nothing is wrong',
)
t.strictSame(
  refused(everyCall((i, parameter) => (i === parameter ? 'wrong' : 'undefined as never'))),
  every,
  'each parameter refuses a wrong type',
)
t.strictSame(
  refused(everyCall((i, parameter) => (i === parameter ? 'undefined' : 'undefined as never'))),
  every,
  'each parameter refuses undefined: null means "not given"',
)
