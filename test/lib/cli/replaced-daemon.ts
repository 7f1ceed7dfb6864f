// osctld is replaced while containers run, and programs and consoles of some are open by osctl: no byte is lost, none
// comes twice, and no container notices.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { Client, daemonPlace, runOsctld } from '../../helpers/daemon.js'
import { busybox } from '../../helpers/host.js'
import { Osctl } from '../../helpers/osctl.js'
import { requires } from '../../helpers/requires.js'
import { timeFactor, upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
// Three programs of Node.js for each of which something is open: a machine of the lab has memory for few.
const [CONTAINERS, OPEN] = timeFactor === 1 ? [100, 10] : [10, 2]
const LINES = 400
const REPLACEMENTS = 2

t.setTimeout(upTo(600_000))
const place = await daemonPlace(t)
const osctl = new Osctl(place.socket)
const client = new Client(place.socket)

/** It lives longer than the test that begins it. */
const begin = (): Promise<ChildProcess> => runOsctld(t, place)

async function replaced(t: Test, old: ChildProcess): Promise<ChildProcess> {
  const ended = once(old, 'exit', { signal: AbortSignal.timeout(upTo(60_000)) })
  old.kill('SIGTERM')
  t.same(await ended, [0, null], 'it ends when it is told to')
  return begin()
}

/** `1\n2\n…` of as many lines, with something before each. */
const numbered = (before: string) =>
  Array.from({ length: LINES }, (_, number) => `${before}${number}\n`).join('')
const count = (before: string, more: string) =>
  `i=0; while [ $i -lt ${LINES} ]; do echo ${before}$i${more}; i=$((i+1)); usleep 10000; done`

let running = await begin()
const all = Array.from({ length: CONTAINERS }, (_, number) => `web${number}`)
const ids = all.slice(0, OPEN)
/** Of each that runs, its init: another one is another run. */
const inits = async () => (await client.ask('GET /v1/containers?fields=id,initPid')).body
await t.test('containers', async (t) => {
  for (const id of all) {
    await client.ask('POST /v1/containers', { id, image: busybox })
    await client.ask(`POST /v1/containers/${id}/start`)
  }
  const { stdout } = await osctl.ok(t, 'ct ls -H -S running -o id')
  t.equal(stdout.trim().split('\n').length, CONTAINERS, 'all of them run')
})

await t.test('while bytes flow through all of them', { timeout: upTo(300_000) }, async (t) => {
  const before = await inits()
  const consoles = ids.map((id) => osctl.lines(`-q ct console ${id}`))
  // Open when they show what is said from now on.
  const said: Promise<unknown>[] = []
  for (const [index, id] of ids.entries()) {
    const say = setInterval(() => {
      said.push(osctl.run(['ct', 'exec', id, 'sh', '-c', 'echo open > /dev/console']))
    }, upTo(500))
    await consoles[index]?.until(t, /open/)
    clearInterval(say)
  }
  // None of it may come between what is counted.
  await Promise.all(said)
  const told = ids.map((id) => osctl.running(['ct', 'exec', id, 'sh', '-c', count('o', '')]))
  const echoed = ids.map((id) => osctl.running(['ct', 'exec', id, 'cat']))
  const spoken = ids.map((id) =>
    osctl.running(['ct', 'exec', id, 'sh', '-c', count('c', ' > /dev/console')]),
  )
  const typing = Promise.all(
    echoed.map(async (one) => {
      for (let number = 0; number < LINES; number++) {
        one.write(`i${number}\n`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      one.end()
    }),
  )
  // Who asks an osctld that is not there gets an error: each has to have begun.
  for (const one of told) await one.until(t, /o0\n/)
  for (const one of echoed) await one.until(t, /i0\n/)
  for (const one of consoles) await one.until(t, /c0\r?\n/)
  for (let times = 0; times < REPLACEMENTS; times++) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    running = await replaced(t, running)
  }
  await typing
  for (const one of [...told, ...echoed, ...spoken]) t.equal(await one.ended, 0)
  for (const one of told) t.equal(one.text, numbered('o'), 'what a program prints')
  for (const one of echoed) t.equal(one.text, numbered('i'), 'what is typed')
  for (const one of consoles) {
    await one.until(t, new RegExp(`c${LINES - 1}\r?\n`))
    one.kill('SIGTERM')
    t.equal(await one.ended, 0)
    t.equal(one.text.replace(/\r/g, '').replace(/^[^c]*?(?=c0\n)/, ''), numbered('c'), 'a console')
  }
  t.same(await inits(), before, 'all containers have gone on')
})
