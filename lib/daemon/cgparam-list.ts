// The cgroup parameters that hold for something: its own, and those of the groups that it is in.

import type { Container } from '../container/container.js'
import type { CgparamSnapshot } from '../group/cgparams.js'
import type { Group } from '../group/group.js'

export interface ListedParam extends CgparamSnapshot {
  /** The path of the group that has it; null: the container. */
  readonly group: string | null
  /** Relative to every cgroup hierarchy. */
  readonly cgroup: string
}

export function paramsOfContainer(container: Container, all: boolean): readonly ListedParam[] {
  const { cgparams, cgroup } = container.show()
  const own = cgparams.map((param) => ({ ...param, group: null, cgroup }))
  return all ? [...paramsOfGroup(container.group, all), ...own] : own
}

/** @param all with those above it, from the root on */
export function paramsOfGroup(group: Group, all: boolean): readonly ListedParam[] {
  const { cgparams, cgroup, path } = group.show()
  const own = cgparams.map((param) => ({ ...param, group: path, cgroup }))
  return all && group.parent !== null ? [...paramsOfGroup(group.parent, all), ...own] : own
}
