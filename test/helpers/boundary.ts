// Reads types/native.d.ts with the compiler, so that tests can compare it with what is loaded.
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export interface Member {
  name: string
  /** Names of the parameters, in order. */
  parameters: string[]
}

export interface Boundary {
  /** Members of `Native`: functions and rooms. */
  top: string[]
  /** Members of each room, in order. */
  rooms: Map<string, Member[]>
}

export const declarations = fileURLToPath(new URL('../../types/native.d.ts', import.meta.url))

export const options: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
}

export function boundary(): Boundary {
  const program = ts.createProgram([declarations], options)
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(declarations)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${declarations} is not a module`)
  const native = checker.getExportsOfModule(module).find(({ name }) => name === 'Native')
  if (native === undefined) throw new Error('Native is not declared')

  // Symbol tables keep the order of the source.
  const members = [...(native.members?.values() ?? [])]
  const rooms = new Map<string, Member[]>()
  for (const member of members) {
    const type = checker.getTypeOfSymbol(member)
    if (type.getCallSignatures().length > 0) continue
    rooms.set(
      member.name,
      type.getProperties().map((property) => ({
        name: property.name,
        parameters: checker
          .getTypeOfSymbol(property)
          .getCallSignatures()
          .flatMap((signature) => signature.getParameters().map(({ name }) => name)),
      })),
    )
  }
  return { top: members.map(({ name }) => name), rooms }
}
