// Runs something in a machine and says what came of it, also when the machine does not survive it.
import { setTimeout as sleep } from 'node:timers/promises'
import { GoneError, type Exit, type RunOptions } from './agent-connection.js'
import type { Machine } from './machine.js'

export type Outcome = 'passed' | 'failed' | 'hung' | 'panicked' | 'disk full' | 'gone'

export interface Report {
  readonly outcome: Outcome
  /** In a sentence. */
  readonly reason: string
  readonly tookMs: number
  readonly stdout: string
  readonly stderr: string
  readonly consoleTail: string
}

export interface Work extends RunOptions {
  readonly limitMs: number
  /** A program with its arguments, or a module of the project. */
  readonly run: readonly string[] | { readonly module: string }
}

/** Never rejects for what the guest does. */
export async function report(machine: Machine, work: Work): Promise<Report> {
  const started = Date.now()
  const text = { stdout: '', stderr: '' }
  const onOutput = (data: Buffer, stream: 'stdout' | 'stderr'): void => {
    text[stream] += data.toString()
    work.onOutput?.(data, stream)
  }
  const limit = new AbortController()
  const ended = await Promise.race([
    begin(machine, { ...work, onOutput }),
    machine.ended.then(() => null),
    sleep(work.limitMs, 'late' as const, { signal: limit.signal }).catch(() => 'late' as const),
  ])
  limit.abort()
  const [outcome, reason] =
    ended === 'late'
      ? (['hung', `did not end in ${work.limitMs / 1000} s; ${await whatRuns(machine)}`] as const)
      : ended === null
        ? await whyGone(machine)
        : judged(ended)
  const consoleTail = outcome === 'passed' ? '' : machine.consoleTail()
  return { outcome, reason, tookMs: Date.now() - started, ...text, consoleTail }
}

/** Resolves with null when the machine is gone. */
async function begin(machine: Machine, work: Work): Promise<Exit | null> {
  try {
    return await ('module' in work.run
      ? machine.runModule(work.run.module, work)
      : machine.run(work.run, work))
  } catch (error) {
    if (error instanceof GoneError) return null
    throw error
  }
}

function judged({ code, signal, full }: Exit): [Outcome, string] {
  if (code === 0) return ['passed', 'ended with 0']
  const how = signal === null ? `ended with ${code}` : `was killed by ${signal}`
  if (full.length > 0) return ['disk full', `${how}, and there was no room in ${full.join(', ')}`]
  return ['failed', how]
}

async function whyGone(machine: Machine): Promise<[Outcome, string]> {
  // The kernel's last words are written before qemu ends, which follows when the line breaks.
  await Promise.race([machine.ended, sleep(5000)])
  const panic = /Kernel panic - not syncing: .*/.exec(machine.console())
  return panic === null ? ['gone', 'the machine or its agent ended'] : ['panicked', panic[0]]
}

async function whatRuns(machine: Machine): Promise<string> {
  const list = 'ps -e -o pid= -o ppid= -o stat= -o wchan:20= -o args= | grep -v "\\[" | tail -n 25'
  const processes = await Promise.race([
    machine.run(['sh', '-c', list]).then(
      ({ stdout }) => stdout,
      () => null,
    ),
    sleep(15_000, null),
  ])
  return processes === null ? 'the machine does not answer' : `what runs:\n${processes}`
}
