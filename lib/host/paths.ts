// Where the run state is. It must be on a tmpfs, or at least not survive the boot unnoticed.

import { createHash } from 'node:crypto'
import { join } from 'node:path'

/** What the kernel takes as the address of a unix socket, its NUL left out. */
const SOCKET_PATH_MAX = 107

export class StatePaths {
  constructor(readonly stateDir: string) {}

  /** Says in which run of the machine the host was opened last. */
  get bootNote(): string {
    return join(this.stateDir, 'boot-id')
  }

  /** What is kept of pools and their containers for as long as the machine runs. */
  get pools(): string {
    return join(this.stateDir, 'pools')
  }

  /** One flat LXC path per pool, for `lxc-ls -P` and its kind. */
  lxc(pool: string): string {
    return join(this.pools, pool, 'lxc')
  }

  /** What is kept of a container for as long as the machine runs. */
  container(pool: string, id: string): string {
    return join(this.lxc(pool), id)
  }

  lxcConfig(pool: string, id: string): string {
    return join(this.container(pool, id), 'config')
  }

  /** Mount points exist in the keeper's mount namespace only; on the host they are bare directories. */
  rootfs(pool: string, id = ''): string {
    return join(this.stateDir, 'rootfs', pool, id)
  }

  /** Where a guest's init says that it is up. */
  notify(pool: string, id = ''): string {
    const path = join(this.stateDir, 'notify', pool, id)
    if (path.length <= SOCKET_PATH_MAX) return path
    const digest = createHash('sha256').update(`${pool}:${id}`).digest('hex').slice(0, 24)
    return join(this.stateDir, 'notify', digest)
  }

  /** Says that the host is being shut down. */
  get shutdown(): string {
    return join(this.stateDir, 'shutdown')
  }

  /** Files of containers that are stopped, or frozen, only to go on at once. */
  rests(pool: string): { readonly directory: string; readonly prefix: string } {
    return { directory: join(this.pools, pool), prefix: 'rest.' }
  }

  /** Says that the kernel may have other limits of a group than its file; its path may be longer than a name. */
  unapplied(pool: string, group: string): string {
    const digest = createHash('sha256').update(group).digest('hex').slice(0, 24)
    return join(this.pools, pool, `unapplied.${digest}`)
  }

  /** Which containers have started by themselves. */
  startedList(pool: string): string {
    return join(this.pools, pool, 'auto-start', 'started-cts.txt')
  }

  /** Directories that have to be there before a container of the pool starts. */
  ofPool(pool: string): string[] {
    return [this.lxc(pool), this.rootfs(pool), join(this.stateDir, 'notify', pool)]
  }
}
