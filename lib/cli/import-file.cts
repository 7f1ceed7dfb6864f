// Imports a module of the user's. In a file of its own: V8 forgets, with what it has compiled before, who is to be
// asked for a module.

function importFile(url: string): Promise<Record<string, unknown>> {
  return import(url) as Promise<Record<string, unknown>>
}

export = importFile
