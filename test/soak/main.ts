// `npm run soak`: proves that nothing leaks and nothing grows. See docs/soak.md.
import { cpus, release } from 'node:os'
import { readOptions, usage } from './options.js'
import { faults, progressLine, table } from './report.js'
import { soak, type SoakOptions } from './soak.js'

async function main(quietInit: string, options: SoakOptions): Promise<boolean> {
  const { rounds, warmUp, parallel } = options
  console.log(
    `${rounds} rounds after ${warmUp} to warm up, ${parallel} at a time; ` +
      `kernel ${release()}, ${cpus().length} processors, Node ${process.versions.node}`,
  )
  const outcome = await soak(quietInit, options, (progress) => console.log(progressLine(progress)))
  const { cloneMode, seconds } = outcome
  const rate = (rounds + warmUp) / seconds
  console.log(`\n${table(outcome.trends)}\n`)
  console.log(`${rounds} rounds, ${rate.toFixed(2)} a second, rootfs by ${cloneMode}`)
  const wrong = faults(outcome)
  console.log(
    wrong.length === 0 ? 'Nothing grows, and nothing is left.' : 'This grows, or is left:',
  )
  for (const line of wrong) console.log(`  ${line}`)
  return wrong.length === 0
}

const [quietInit = '', ...args] = process.argv.slice(2)
let options: SoakOptions
try {
  options = readOptions(args)
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`)
  process.exit(2)
}
process.exitCode = (await main(quietInit, options)) ? 0 : 1
