// What a peer says last is heard, also where it comes and goes in the middle of a read, or has not read itself.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requires } from '../../helpers/requires.js'

const t = requires('c++')
const root = fileURLToPath(new URL('../../../', import.meta.url))
const program = join(t.testdir(), 'last-word')
const sources = ['test/native/keeper/last-word.cc', 'native/keeper/channel.cc']
const files = sources.map((path) => join(root, path))
const flags = ['-std=c++20', '-fno-exceptions', '-fno-rtti', `-I${join(root, 'native')}`]
execFileSync(process.env['CXX'] ?? 'c++', [...flags, ...files, '-o', program])

const lastWord = 'last word, 1\n, 0\n'
t.equal(execFileSync(program, { encoding: 'utf8' }), lastWord + lastWord)
