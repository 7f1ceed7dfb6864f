// Starts the keeper: the one program that this process ever runs, once per host.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KeeperStartError } from './errors.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `VPSADMINOS_KEEPER` names another than that which was built. */
export function keeperProgram(): string {
  const exact = process.env['VPSADMINOS_KEEPER']
  return exact === undefined || exact === '' ? built('keeper') : exact
}

/** The first process of a container that is started for programs alone. */
export function initProgram(): string {
  return built('init')
}

/** Beside the addon, wherever that is. */
function built(name: string): string {
  const addon = process.env['VPSADMINOS_ADDON']
  const places = [
    ...(addon === undefined || addon === '' ? [] : [join(dirname(addon), name)]),
    join(root, 'build/Release', name),
    join(root, 'build/Debug', name),
    join(root, 'prebuilds', `${process.platform}-${process.arch}`, `${name}.${libc()}`),
  ]
  const found = places.find((path) => existsSync(path))
  if (found === undefined) {
    throw new KeeperStartError(`the ${name} is not built; looked for ${places.join(', ')}`)
  }
  return found
}

/** As node-gyp-build has it, which chooses the addon. */
function libc(): string {
  return process.env['LIBC'] ?? (existsSync('/etc/alpine-release') ? 'musl' : 'glibc')
}

/** Resolves when the keeper listens. It leaves by itself when nobody needs it. */
export async function spawnKeeper(stateDir: string, cgroupRoot: string): Promise<void> {
  const liblxc = process.env['VPSADMINOS_LIBLXC']
  const args = ['--state-dir', stateDir, '--cgroup-root', cgroupRoot]
  // A session of its own: what ends this process by its terminal must not end the keeper.
  const child = spawn(keeperProgram(), args, {
    detached: true,
    cwd: '/',
    // The keeper hands nothing of it on to containers.
    env: liblxc === undefined ? {} : { VPSADMINOS_LIBLXC: liblxc },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('ready')) resolve()
      })
      child.on('error', (cause) => reject(new KeeperStartError(cause.message, { cause })))
      child.on('close', (code, signal) => {
        const how = signal ?? `status ${code}`
        reject(new KeeperStartError(`the keeper ended with ${how}: ${said.trim()}`))
      })
    })
  } finally {
    child.stdout.destroy()
    child.stderr.destroy()
    child.unref()
  }
}
