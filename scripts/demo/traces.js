// Looks for what a host has left on the machine, in the kernel itself: the library is not asked.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'

/**
 * @param {{
 *   paths: string[], dataset: string | null, cgroupRoot: string, interfacePrefix: string
 * }} of
 *   directories that are the host's alone, its dataset if it has one, its cgroup, and how names of its
 *   interfaces begin
 * @returns {string[]} one line for every process, mount, cgroup, link, directory and dataset
 */
export function traces({ paths, dataset, cgroupRoot, interfacePrefix }) {
  return [
    ...processes(paths, cgroupRoot),
    ...mounts(paths),
    ...cgroups(cgroupRoot),
    ...links(interfacePrefix),
    ...paths.filter(existsSync).map((path) => `directory ${path}`),
    ...datasets(dataset),
  ]
}

/** @param {string[]} paths @param {string} cgroupRoot */
function processes(paths, cgroupRoot) {
  return pids().flatMap((pid) => {
    if (pid === String(process.pid)) return []
    const cgroup = read(`/proc/${pid}/cgroup`)
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
    const ours = cgroup.split('\n').some((line) => `${line}/`.includes(`:/${cgroupRoot}/`))
    const names = paths.some((path) => command.includes(path))
    return ours || names ? [`process ${pid}: ${command.trim()}`] : []
  })
}

// A mount can be in a namespace that only one process is in.
/** @param {string[]} paths */
function mounts(paths) {
  /** @type {Map<string, string>} */
  const namespaces = new Map()
  for (const pid of pids()) {
    const namespace = link(`/proc/${pid}/ns/mnt`)
    if (namespace !== '' && !namespaces.has(namespace)) namespaces.set(namespace, pid)
  }
  return [...namespaces].flatMap(([namespace, pid]) =>
    read(`/proc/${pid}/mountinfo`)
      .split('\n')
      .filter((line) => paths.some((path) => line.includes(path)))
      .map((line) => `mount in ${namespace}: ${line}`),
  )
}

/** @param {string} cgroupRoot */
function cgroups(cgroupRoot) {
  return read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .flatMap((line) => {
      const mountpoint = line.split(' ')[4] ?? ''
      return readable(join(mountpoint, cgroupRoot)) ? [`cgroup ${mountpoint}/${cgroupRoot}`] : []
    })
}

/** @param {string} prefix */
function links(prefix) {
  return list('/sys/class/net')
    .filter((name) => name.startsWith(prefix))
    .map((name) => `network interface ${basename(name)}`)
}

/** @param {string | null} dataset */
function datasets(dataset) {
  if (dataset === null) return []
  const { stdout } = spawnSync('zfs', ['list', '-H', '-o', 'name', '-r', dataset])
  return stdout
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((name) => `dataset ${name}`)
}

function pids() {
  return list('/proc').filter((name) => /^[0-9]+$/.test(name))
}

// Processes come and go while we look.
/** @template T @param {() => T} look @param {T} otherwise */
function attempt(look, otherwise) {
  try {
    return look()
  } catch {
    return otherwise
  }
}
/** @param {string} path */
const read = (path) => attempt(() => readFileSync(path, 'utf8'), '')
/** @param {string} path */
const link = (path) => attempt(() => readlinkSync(path), '')
/** @param {string} path @returns {string[]} */
const list = (path) => attempt(() => readdirSync(path), [])
/** @param {string} path */
const readable = (path) => attempt(() => readdirSync(path) !== null, false)
