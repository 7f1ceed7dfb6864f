// Runs something in a machine and says what came of it, also when the machine does not survive it.
import type { Exit } from './agent-connection.js'
import { GoneError, LateError, type Output } from './gone.js'
import type { Machine, MachineRunOptions } from './machine.js'

export type Outcome = 'passed' | 'failed' | 'hung' | 'panicked' | 'disk full' | 'gone'

interface Told extends Output {
  readonly outcome: Outcome
  /** In a sentence. */
  readonly reason: string
  readonly consoleTail: string
}

export interface Report extends Told {
  readonly tookMs: number
}

export interface Work extends MachineRunOptions {
  readonly limitMs: number
  /** A program with its arguments, or a module of the project. */
  readonly run: readonly string[] | { readonly module: string }
}

/** Never rejects for what the guest does. */
export async function report(machine: Machine, work: Work): Promise<Report> {
  const started = Date.now()
  const told = await tell(machine, work)
  return { ...told, tookMs: Date.now() - started }
}

async function tell(machine: Machine, work: Work): Promise<Told> {
  try {
    const exit = await ('module' in work.run
      ? machine.runModule(work.run.module, work)
      : machine.run(work.run, work))
    const [outcome, reason] = judged(exit)
    const consoleTail = outcome === 'passed' ? '' : machine.consoleTail()
    return { outcome, reason, stdout: exit.stdout, stderr: exit.stderr, consoleTail }
  } catch (error) {
    if (!(error instanceof GoneError)) throw error
    const [outcome, reason] = whyGone(error)
    return { outcome, reason, ...error.output, consoleTail: error.consoleTail }
  }
}

function judged({ code, signal, full }: Exit): [Outcome, string] {
  if (code === 0) return ['passed', 'ended with 0']
  const how = signal === null ? `ended with ${code}` : `was killed by ${signal}`
  if (full.length > 0) return ['disk full', `${how}, and there was no room in ${full.join(', ')}`]
  return ['failed', how]
}

function whyGone(error: GoneError): [Outcome, string] {
  if (error instanceof LateError) return ['hung', error.reason]
  const panic = /Kernel panic - not syncing: .*/.exec(error.consoleTail)
  return panic === null ? ['gone', error.reason] : ['panicked', panic[0]]
}
