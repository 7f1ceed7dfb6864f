// Leaks on purpose, one a time, to see that they are noticed. Each one can be taken back.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hierarchies } from '../helpers/hierarchies.js'
import type { Host } from 'vpsadminos'

export type Plant = (host: Host, round: number) => Promise<() => unknown>

const LEAK_BYTES = 4 * 2 ** 20
const held = new Set<unknown>()

export const plants = {
  fd: async () => {
    const fd = openSync('/dev/null', 'r')
    return () => closeSync(fd)
  },
  cgroup: async (host, round) => {
    const path = join(hierarchies.at(-1) ?? '', `${host.cgroupRoot}-${round}`)
    mkdirSync(path)
    return () => rmdirSync(path)
  },
  mount: async (host) => {
    // On itself, so that there is no file more.
    const path = join(host.stateDir, 'rootfs')
    execFileSync('mount', ['--bind', path, path])
    return () => execFileSync('umount', [path])
  },
  memory: async () => {
    // Written to, as the kernel gives no page before.
    const leak = { kept: Buffer.alloc(LEAK_BYTES, 1) }
    held.add(leak)
    return () => held.delete(leak)
  },
  process: async () => {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
    await once(child, 'spawn')
    return async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  },
  // A descriptor holds it, and no process is in it any more.
  namespace: async () => {
    const stdio = ['ignore', 'pipe', 'ignore'] as const
    const child = spawn('unshare', ['--net', 'sh', '-c', 'echo; exec sleep 1000'], {
      stdio: [...stdio],
    })
    if (child.stdout !== null) await once(child.stdout, 'data')
    const fd = openSync(`/proc/${child.pid}/ns/net`, 'r')
    child.kill('SIGKILL')
    await once(child, 'close')
    return () => closeSync(fd)
  },
  link: async (host, round) => {
    const name = `${host.interfacePrefix}x${round}`
    execFileSync('ip', ['link', 'add', name, 'type', 'bridge'])
    return () => execFileSync('ip', ['link', 'delete', name])
  },
  file: async (host, round) => {
    const path = join(host.stateDir, `planted-${round}`)
    writeFileSync(path, '')
    return () => rmSync(path)
  },
} satisfies Record<string, Plant>

export type PlantName = keyof typeof plants

export function isPlant(name: string): name is PlantName {
  return name in plants
}
