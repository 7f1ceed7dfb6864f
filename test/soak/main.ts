// `npm run soak`: proves that nothing leaks and nothing grows. See docs/soak.md.
import { cpus, release } from 'node:os'
import { readDaemonOptions, readOptions, usage } from './options.js'
import { faults, progressLine, table } from './report.js'
import { soakDaemon } from './daemon.js'
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

function read<Options>(from: () => Options): Options {
  try {
    return from()
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
}

const [quietInit = '', ...args] = process.argv.slice(2)
const ok =
  args[0] === 'daemon'
    ? await soakDaemon(read(() => readDaemonOptions(args.slice(1))))
    : await main(
        quietInit,
        read(() => readOptions(args)),
      )
process.exitCode = ok ? 0 : 1
