// The engine and osctld as a file each, for the guest: to find, read and link their hundreds of modules takes
// an interpreting Node.js three times as long as to evaluate them.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild'
import { projectRoot } from './program.js'

const engine = 'engine.js'
const osctld = 'daemon/osctld.js'

// What was not written as modules, as most of fastify, looks for these.
const banner = `const require = process.getBuiltinModule('module').createRequire(import.meta.url)
const __filename = process.getBuiltinModule('url').fileURLToPath(import.meta.url)
const __dirname = process.getBuiltinModule('path').dirname(__filename)`

const common = { bundle: true, format: 'esm', platform: 'node', logLevel: 'warning' } as const

/**
 * Each module that `dist/index.js` needs passes on what is in `dist/engine.js`, so that all of them are still one.
 *
 * @param dist compiled; what is in it is written over
 */
export async function intoOneFile(dist: string): Promise<void> {
  const apart = { ...common, absWorkingDir: dist, packages: 'external', outdir: 'none' } as const
  const modules = Object.keys((await analysed({ ...apart, entryPoints: ['index.js'] })).inputs)
  const { outputs } = await analysed({ ...apart, entryPoints: modules, splitting: true })
  const exported = new Map(
    Object.values(outputs).map(({ entryPoint, exports }) => [entryPoint, exports]),
  )
  const contents = modules.map((name, index) => `export * as _${index} from './${name}'`).join('\n')
  // osctld is a process of its own, and has one of its own.
  const program = await bundled(dist, osctld, { entryPoints: [osctld] })
  const all = await bundled(dist, engine, { stdin: { contents, resolveDir: dist } })
  for (const [index, name] of modules.entries()) {
    const path = relative(dirname(name), engine)
    const lines = (exported.get(name) ?? []).map((word) => `export const ${word} = _.${word}`)
    const from = path.startsWith('.') ? path : `./${path}`
    lines.unshift(`import { _${index} as _ } from '${from}'`)
    writeFileSync(join(dist, name), `${lines.join('\n')}\n`)
  }
  writeFileSync(join(dist, engine), all)
  writeFileSync(join(dist, osctld), program)
}

async function analysed(options: BuildOptions): Promise<Metafile> {
  const { metafile } = await build({ ...options, write: false, metafile: true })
  if (metafile === undefined) throw new Error('esbuild did not say what is in it')
  return metafile
}

/** @param to below `dist`, where it will be */
async function bundled(dist: string, to: string, input: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...common,
    ...input,
    absWorkingDir: dist,
    nodePaths: [join(projectRoot, 'node_modules')],
    banner: { js: banner },
    // Looks for the addon from where its caller is.
    external: ['node-gyp-build'],
    plugins: [whereItWas(dist, to)],
    write: false,
  })
  const [file] = outputFiles ?? []
  if (file === undefined) throw new Error(`esbuild made nothing of ${to}`)
  return file.text
}

/** What a module finds beside itself it shall find from there. */
function whereItWas(dist: string, to: string): Plugin {
  return {
    name: 'where it was',
    setup(builder) {
      builder.onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (relative(dist, path).startsWith('..')) return null
        const from = relative(dirname(join(dist, to)), path)
        const url = `new URL('${from}', import.meta.url).href`
        return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', url) }
      })
    },
  }
}
