// The command line of the bench.
import { parseArgs } from 'node:util'

export const caseNames = ['start', 'stop', 'exec'] as const
export type CaseName = (typeof caseNames)[number]

export interface Options {
  cases: CaseName[]
  samples: number
  json: string | null
  /** Leaves the kernel's cgroup lock to cool between samples, as on a quiet host. */
  cold: boolean
  /** Beginnings of the names of the rows to run; empty for all. */
  only: string[]
}

export const usage = `usage: npm run bench -- [start] [stop] [exec] [options]
  -n N           samples of each row (100)
  --quick        20 samples
  --only A,B     rows whose names begin so (vpsadminos,floor,liblxc,lxc-start,crun,runc)
  --cold         do not keep the kernel's cgroup lock warm between samples
  --json FILE    write the figures to FILE too`

export function readOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      samples: { type: 'string', short: 'n' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      cold: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  const samples = Number(values.samples ?? (values.quick ? 20 : 100))
  if (!Number.isInteger(samples) || samples < 1)
    throw new TypeError(`-n ${values.samples}: not a count`)
  const cases = positionals.map((name) => {
    const known = caseNames.find((candidate) => candidate === name)
    if (known === undefined) throw new TypeError(`${name}: not one of ${caseNames.join(', ')}`)
    return known
  })
  return {
    cases: cases.length === 0 ? [...caseNames] : cases,
    samples,
    json: values.json ?? null,
    cold: values.cold,
    only: values.only.split(',').filter(Boolean),
  }
}
