// One round: the life of a container, each one other than the last.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Container, Host } from 'vpsadminos'
import { text } from '../helpers/host.js'
import { parentOf } from '../helpers/machine.js'

export interface Place {
  readonly host: Host
  /** Runs all the time. */
  readonly resident: Container
  /** A bridge for interfaces; null where this kernel makes none. */
  readonly bridge: string | null
}

const image = { distribution: 'busybox' }
const WAIT = { timeout: 60_000 }

export async function live(place: Place, round: number): Promise<void> {
  const { host, bridge } = place
  const ct = await host.containers.create({
    id: `life${round}`,
    image,
    initCmd: ['/quiet-init'],
    memoryLimit: '64 MiB',
    pidsLimit: 100,
    ...(round % 3 === 0 ? { cpuLimit: 50, swapLimit: '16 MiB', hostname: `web${round}.test` } : {}),
    ...(round % 2 === 0 && bridge !== null ? { netif: { type: 'bridge', link: bridge } } : {}),
  })
  if (round % 9 === 4) await startFails(ct)
  if (round % 4 === 0) await ct.push('/etc/before', 'the start')
  await ct.start()
  await inside(ct, round)
  await beside(place, round)
  await end(ct, round)
  const { leftovers } = await ct.delete({ force: true })
  if (leftovers.length > 0) throw new Error(`${ct.id} has left ${JSON.stringify(leftovers)}`)
}

async function inside(ct: Container, round: number): Promise<void> {
  expect(
    'exec',
    (await ct.exec(['sh', '-c', 'sleep 999 >/dev/null 2>&1 & echo $0'])).stdout,
    'sh\n',
  )
  if (round % 2 === 0) {
    expect('stdin', (await ct.exec(['cat'], { stdin: `round ${round}` })).stdout, `round ${round}`)
    await ct.push('/tmp/file', 'content')
    expect('pull', await text(await ct.pull('/tmp/file')), 'content')
  } else {
    await using session = await ct.spawn(['sh'], { tty: { rows: 40, cols: 100 } })
    session.stdin?.write('exit 7\n')
    expect('tty', (await session.exit).exitCode, 7)
  }
  if (round % 3 === 0) {
    await using session = await ct.spawn(['sleep', '999'])
    session.kill('SIGKILL')
    expect('kill', (await session.exit).signal, 'SIGKILL')
  }
  if (round % 3 === 1) {
    await using console = ct.console()
    for await (const _chunk of console) break
    await console.write('\n')
  }
  if (round % 3 === 2) {
    await ct.set({ memoryLimit: '48 MiB', cpuLimit: 150, pidsLimit: 50, hostname: `new${round}` })
    await ct.unset('cpuLimit', 'pidsLimit')
  }
  if (round % 4 === 1) {
    await ct.freeze()
    await ct.thaw()
  }
  if (round % 5 === 2) {
    await rejects(ct.exec(['sleep', '999'], { signal: AbortSignal.timeout(20) }), 'TimeoutError')
    await rejects(ct.exec(['sleep', '999'], { timeout: 20 }), 'ERR_TIMEOUT')
    await rejects(ct.exec(['/no/such/program']), 'ENOENT')
    await rejects(ct.exec(['yes'], { maxBuffer: 1000 }), 'ERR_OUTPUT_LIMIT')
  }
  if (round % 6 === 3) await ct.reboot()
  await ct.stats()
}

/** What is done to a container that goes on, and to the host. */
async function beside({ host, resident }: Place, round: number): Promise<void> {
  expect('resident', (await resident.exec(['echo', 'here'])).stdout, 'here\n')
  await using session = await resident.spawn(['cat'], { tty: round % 2 === 0 })
  session.kill('SIGKILL')
  await session.exit
  if (round % 4 === 0) await resident.push('/tmp/file', `round ${round}`)
  if (round % 4 === 1) {
    await using console = resident.console({ since: 'now' })
    // Its keyboard is one writer's at a time, and another life may be that.
    await console.write('\n').catch(named('EBUSY'))
  }
  if (round % 7 === 3) {
    const leave = new AbortController()
    const events = host.events({ signal: leave.signal })
    const next = events.next()
    leave.abort()
    await next.catch(() => undefined)
  }
}

async function end(ct: Container, round: number): Promise<void> {
  const { initPid } = ct.show()
  if (initPid === null) throw new Error(`${ct.id} does not run`)
  switch (round % 8) {
    case 0:
      return void (await ct.stop({ method: 'kill' }))
    case 1:
      return void (await ct.stop(WAIT))
    case 2:
      // Deleted while it runs.
      return
    case 3:
      return await inTheMiddle(ct, () => process.kill(initPid, 'SIGKILL'))
    case 4:
      return await inTheMiddle(ct, () => process.kill(parentOf(initPid), 'SIGKILL'))
    case 5:
      await ct.stop(WAIT)
      await ct.rename(`renamed${round}`)
      await ct.start()
      return
    case 6:
      await ct.kill()
      await ct.start({ signal: AbortSignal.timeout(round % 20) }).catch(named('TimeoutError'))
      return
    default:
      return void (await ct.restart({ method: 'kill' }))
  }
}

/** Something ends it while a program runs in it. */
async function inTheMiddle(ct: Container, kill: () => void): Promise<void> {
  const running = ct.exec(['sleep', '999'], { signal: AbortSignal.timeout(WAIT.timeout) })
  const ended = running.catch(() => undefined)
  await sleep(5)
  kill()
  await ct.wait('stopped', WAIT)
  await ended
}

async function startFails(ct: Container): Promise<void> {
  await ct.set({ initCmd: ['/no/such/program'] })
  await rejects(ct.start(), 'ERR_CONTAINER_START')
  await ct.set({ initCmd: ['/quiet-init'] })
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await promise.then(
    () => new Error(`it did not fail with ${code}`),
    (error: unknown) => error,
  )
  named(code)(error)
}

/** Throws what is not an error of that code or name. */
function named(code: string): (error: unknown) => void {
  return (error) => {
    const found = error as { code?: unknown; name?: unknown }
    if (found.code !== code && found.name !== code) throw error
  }
}

function expect(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${what}: ${String(found)}, and not ${String(wanted)}`)
}
