// The set-up says everything that is missing at once, and changes nothing then.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { scratch } from '../helpers/image.js'
import { requires } from '../helpers/requires.js'

const t = requires('root')

/** Runs the set-up where some programs say something else, and some are not there. */
function setup(t: Test, programs: Record<string, string>, without: string[] = []) {
  const bin = join(scratch(t), 'bin')
  mkdirSync(bin)
  chmodSync(dirname(bin), 0o755)
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const done = new Set([...Object.keys(programs), ...without])
  for (const directory of (process.env['PATH'] ?? '').split(':')) {
    for (const name of list(directory)) {
      if (!done.has(name)) symlinkSync(join(directory, name), join(bin, name))
      done.add(name)
    }
  }
  const { status, stdout, stderr } = spawnSync('/bin/bash', ['scripts/setup.sh', 'demo'], {
    env: { HOME: '/nonexistent', PATH: bin, TMPDIR: dirname(bin) },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

t.test('not root, in a world that allows nothing', async (t) => {
  const result = setup(t, { id: 'echo 1000', node: 'echo 18.19.0' }, ['npm'])
  t.equal(result.status, 1)
  t.match(result.stderr, /^This cannot run here/)
  t.match(result.stderr, /^ {2}- root: run it as root/m)
  t.match(result.stderr, /^ {2}- Node.js 20.19 or later \(found: 18.19.0\)/m)
  t.match(result.stderr, /^ {2}- npm: /m)
  t.equal(result.stdout, '', 'nothing was begun')
})

t.test('no user namespaces', async (t) => {
  const result = setup(t, { unshare: 'exit 1' })
  t.equal(result.status, 1)
  t.match(result.stderr, /^ {2}- user namespaces: .* forbids/m)
  t.equal(result.stdout, '')
})

t.test('no apt, where a package is missing', async (t) => {
  const result = setup(t, {}, ['apt-get', 'zstd', 'mmdebstrap'])
  t.equal(result.status, 1)
  t.match(result.stderr, /^ {2}- apt-get, to install: mmdebstrap zstd /m)
  t.equal(result.stdout, '')
})

t.test('an archive that cannot be reached', async (t) => {
  const policy = '/usr/sbin/policy-rc.d'
  const before = existsSync(policy)
  const apt = 'echo "Temporary failure resolving deb.debian.org"; exit 100'
  const result = setup(t, { 'apt-get': apt }, ['zstd'])
  t.equal(result.status, 1)
  t.match(result.stdout, /Installing zstd: FAILED/)
  t.match(result.stdout, /Temporary failure resolving/)
  t.match(result.stderr, /could not install: zstd/)
  t.equal(existsSync(policy), before, 'services are allowed to start as before')
})
