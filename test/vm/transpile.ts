// TypeScript becomes JavaScript on this side: a compiler would take a minute in an emulated machine.
import ts from 'typescript'

export function transpiled(source: string, fileName: string): string {
  return ts.transpileModule(source, {
    fileName,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  }).outputText
}
