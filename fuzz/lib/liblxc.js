// What liblxc itself makes of a configuration, for the targets that compare with it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { LxcContainer } from '../../dist/lxc/lxc-container.js'
import { LxcError } from '../../dist/lxc/lxc-error.js'

const directory = mkdtempSync('/dev/shm/vpsadminos-fuzz-')
process.on('exit', () => {
  rmSync(directory, { recursive: true, force: true })
})

/**
 * The values of some keys after the text was loaded; null when liblxc refuses it. An empty or unknown
 * one reads as ''.
 *
 * @param {string} text
 * @param {readonly string[]} keys
 * @returns {Promise<Record<string, string> | null>}
 */
export async function loaded(text, keys) {
  const file = `${directory}/config`
  writeFileSync(file, text)
  const container = await LxcContainer.open('fuzz', directory)
  try {
    await container.loadConfig(file)
    const values = []
    for (const key of keys) values.push([key, (await container.getConfig(key)) ?? ''])
    return Object.fromEntries(values)
  } catch (error) {
    if (error instanceof LxcError) return null
    throw error
  } finally {
    await container.close()
  }
}
