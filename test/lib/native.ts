// The loader: nothing native at import, one helpful error when there is nothing to load.
import t from 'tap'
import { child, clean } from '../helpers/child.js'

const told = `
  try { native.features() } catch (error) {
    console.log(error.name, error.code, error.cause instanceof Error)
    console.log(error.message)
  }`

t.test('importing loads nothing', async (t) => {
  const script = `
    import { readFileSync } from 'node:fs'
    const maps = () => readFileSync('/proc/self/maps', 'utf8')
    console.log(/\\.node|liblxc/.test(maps()))
    load()
    console.log(/\\.node/.test(maps()), /liblxc/.test(maps()))
    native.features()`
  t.strictSame(await child(t, script), { ...clean, stdout: 'false\ntrue false\n' })
})

t.test('a file that does not exist', async (t) => {
  const script = `process.env.VPSADMINOS_ADDON = '/no/such/addon.node'; ${told}`
  const { stdout, code } = await child(t, script)
  t.equal(code, 0)
  t.match(stdout, /^AddonMissingError ERR_ADDON_MISSING true\n/)
  t.match(stdout, `does not load on linux-${process.arch}`)
  t.match(stdout, process.version)
  t.match(stdout, /Tried:\n {2}\/no\/such\/addon\.node\nReason: Cannot find module/)
  t.match(stdout, /Possible solutions:\n {2}npm rebuild --build-from-source/)
})

t.test('a file that is no addon', async (t) => {
  const script = `
    import { writeFileSync } from 'node:fs'
    process.env.VPSADMINOS_ADDON = lxcPath + '/text.node'
    writeFileSync(lxcPath + '/text.node', 'not a shared object')
    ${told}`
  t.match((await child(t, script)).stdout, /Reason: .*(invalid ELF header|file too short)/)
})

t.test('a relative path is refused: relative to what?', async (t) => {
  const script = `process.env.VPSADMINOS_ADDON = 'build/addon.node'; ${told}`
  t.match((await child(t, script)).stdout, /must be an absolute path/)
})

t.test('nothing is built: every place that was looked at', async (t) => {
  // A package whose only contents are the compiled files has no build and no prebuilds.
  const script = `
    import { cpSync, symlinkSync } from 'node:fs'
    delete process.env.VPSADMINOS_ADDON
    const dist = new URL('.', ${JSON.stringify(new URL('../../dist/', import.meta.url).href)})
    cpSync(dist, lxcPath + '/package/dist', { recursive: true })
    symlinkSync(new URL('../node_modules', dist), lxcPath + '/package/node_modules')
    const elsewhere = await import(lxcPath + '/package/dist/native.js')
    ${told.replace('native.', 'elsewhere.native.')}`
  const { stdout } = await child(t, script)
  t.match(stdout, /package\/build\/Release\n.*package\/build\/Debug\n.*package\/prebuilds\/linux-/)
  t.match(stdout, /Reason: No native build was found/)
})
