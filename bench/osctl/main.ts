// `npm run bench -- osctl`: a command of osctl as a whole, beside a Node.js that does nothing; and how long the
// daemon takes for it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Host } from 'vpsadminos'
import { removeCgroups } from '../cgroups.js'
import { readMachine } from '../machine.js'
import { caseResult, table } from '../report.js'
import { busyboxRoot } from './busybox-root.js'

const { values } = parseArgs({
  options: {
    containers: { type: 'string', default: '1000' },
    running: { type: 'string', default: '200' },
    samples: { type: 'string', short: 'n', default: '30' },
    json: { type: 'string' },
  },
})
/** What `osctl ct ps` tells of each process, as ps(1) calls it. */
const likeOurs = 'pid,ruid,rgid,euid,egid,vsz,rss,state,lstart,time,comm,args,cgroup'
const many = Number(values.containers)
const running = Number(values.running)
const samples = Number(values.samples)
const [osctld, osctl] = ['daemon/osctld.js', 'cli/osctl.cjs'].map((name) =>
  fileURLToPath(import.meta.resolve('vpsadminos').replace(/index\.js$/, name)),
) as [string, string]

const dir = mkdtempSync(join(tmpdir(), 'osctl-bench-'))
chmodSync(dir, 0o711)
const options = {
  stateDir: join(dir, 'state'),
  cgroupRoot: `osctl-bench-${process.pid}`,
  interfacePrefix: 'vbench',
  pools: [{ name: 'tank', path: join(dir, 'tank') }],
}
const socketPath = join(options.stateDir, 'osctld.sock')

/** Milliseconds until a program of Node.js has ended. */
function ran(...args: string[]): Promise<number> {
  return ranProgram(process.execPath, args)
}

async function ranProgram(program: string, args: string[]): Promise<number> {
  const begin = process.hrtime.bigint()
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: '/usr/bin:/bin', OSCTLD_SOCKET: socketPath },
  })
  child.stdout.resume()
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`)
  return Number(process.hrtime.bigint() - begin) / 1e6
}

/** Milliseconds until the last byte of an answer. */
async function asked(path: string): Promise<number> {
  const begin = process.hrtime.bigint()
  const sent = request({ socketPath, path: `/v1${path}` })
  sent.end()
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream]
  response.resume()
  await once(response, 'end')
  return Number(process.hrtime.bigint() - begin) / 1e6
}

async function prepared(): Promise<void> {
  await using host = await Host.open({ ...options, pools: [] })
  await host.pools.install({ name: 'tank', path: join(dir, 'tank') })
  await host.images.import({
    path: busyboxRoot(join(dir, 'busybox')),
    distribution: 'busybox',
    version: '1',
  })
  const user = await host.users.create({ name: 'all' })
  for (let number = 0; number < many; number++) {
    const container = await host.containers.create({
      id: `ct${number}`,
      user: user.show().name,
      image: { distribution: 'busybox' },
    })
    if (number < running) await container.start()
  }
}

async function measured(): Promise<void> {
  const columns = 'pool,id,user,group,distribution,version,state,initPid'
  const programs: [string, () => Promise<number>][] = [
    ['node -e 0', () => ran('-e', '0')],
    ['osctl ping', () => ran(osctl, 'ping')],
    ['osctl ct ls', () => ran(osctl, 'ct', 'ls')],
    ['osctl ct ls -o id,state', () => ran(osctl, 'ct', 'ls', '-o', 'id,state')],
    ['osctl -j ct ls -o id', () => ran(osctl, '-j', 'ct', 'ls', '-o', 'id')],
    ['osctl ct ps ct0', () => ran(osctl, 'ct', 'ps', 'ct0')],
    ['osctl ct ps', () => ran(osctl, 'ct', 'ps')],
    ['ps -e -o …,cgroup', () => ranProgram('ps', ['-e', '-o', likeOurs])],
  ]
  const answers: [string, () => Promise<number>][] = [
    ['ping', () => asked('/ping')],
    [
      'usual columns, with statistics',
      () => asked(`/containers?fields=${columns}&stats=true&figures=memory,cpuUs`),
    ],
    ['all statistics', () => asked(`/containers?fields=${columns}&stats=true`)],
    ['id and state', () => asked('/containers?fields=id,state')],
    ['all fields', () => asked('/containers')],
    ['processes of one', () => asked('/processes?containers=ct0')],
    ['processes of all', () => asked('/processes')],
    ['processes of the host', () => asked('/processes?host=true')],
    ['load', () => asked('/host/load')],
    ['load, and what processes do', () => asked('/host/load?processes=true')],
  ]
  const times = (rows: typeof programs) => new Map(rows.map(([name]) => [name, [] as number[]]))
  const [whole, daemon] = [times(programs), times(answers)]
  for (let sample = 0; sample < samples; sample++) {
    // In turns: what else the machine does falls on all of them.
    for (const [name, run] of programs) whole.get(name)?.push(await run())
    for (const [name, run] of answers) daemon.get(name)?.push(await run())
  }
  const cases = [caseResult('process', 'ms', whole), caseResult('answer', 'ms', daemon)]
  const machine = readMachine()
  console.log(`${many} containers, of which ${running} run; ${JSON.stringify(machine)}\n`)
  for (const one of cases) console.log(`${table(one, ['node -e 0', 'ping'])}\n`)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, cases }, null, 2)}\n`)
  }
}

async function removed(): Promise<void> {
  await using host = await Host.open(options)
  await host.pools.get('tank').autostart.stop({ method: 'kill' })
  await host.pools.export('tank')
  const pid = await host.keeperPid()
  await host.close()
  process.kill(pid)
  await removeCgroups(options.cgroupRoot)
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
}

const config = join(dir, 'osctld.json')
try {
  await prepared()
  writeFileSync(config, JSON.stringify(options))
  const daemon = spawn(process.execPath, [osctld, '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    while ((await ran(osctl, 'pool', 'show', 'tank').catch(() => null)) === null) await sleep(200)
    await measured()
  } finally {
    daemon.kill('SIGTERM')
    await once(daemon, 'exit')
  }
} finally {
  await removed()
}
