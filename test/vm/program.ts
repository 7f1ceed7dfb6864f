// Runs a program of the machine that we are on, to its end.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const projectRoot = fileURLToPath(new URL('../../', import.meta.url))

/** What it prints. A failure has the end of what it said. It is killed when we end, in whatever way. */
export function program(name: string, args: readonly string[], cwd = projectRoot): Promise<string> {
  return new Promise((resolve, reject) => {
    const tied = ['--pdeathsig', 'KILL', '--', name, ...args]
    const child = spawn('setpriv', tied, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (said = (said + text).slice(-4000)))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout)
      else reject(new Error(`${name} ended with ${code ?? signal}: ${said || stdout.slice(-4000)}`))
    })
  })
}

/** The same for root, with all that it begins itself: that ends with it, and what it has mounted is gone. */
export function enclosed(name: string, args: readonly string[]): Promise<string> {
  // With the first of a pid namespace the kernel kills all that is in there: pid_namespaces(7).
  return program('unshare', ['--mount', '--pid', '--kill-child', name, ...args])
}
