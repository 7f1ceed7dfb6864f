// The inputs that are kept for the targets in JavaScript: none of them is a finding any more.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { corpus, targetsIn } from '../helpers/fuzz.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'liblxc', 'tar')

interface Target {
  readonly fuzz: (data: Buffer) => void | Promise<void>
}

const targets = targetsIn('fuzz/lib', '.js', ['finding.js', 'liblxc.js'])

for (const name of targets) {
  t.test(name, async (t) => {
    const { fuzz } = (await import(resolve(`fuzz/lib/${name}.js`))) as Target
    const inputs = readdirSync(join(corpus, name))
    t.not(inputs.length, 0, 'there are some')
    for (const input of inputs) {
      const data = readFileSync(join(corpus, name, input))
      await t.resolves(async () => fuzz(data), input)
    }
  })
}

t.test('each directory of inputs has its target', async (t) => {
  const native = targetsIn('fuzz/native', '.cc', ['replay.cc'])
  t.strictSame(readdirSync(corpus).sort(), [...targets, ...native].sort())
})
