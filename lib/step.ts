// The steps of operations by name, so that a test can end the process, have the operation fail or give
// it up after any of them, and look at what is undone and what the next process finds.
//
// VPSADMINOS_FAULT=kill:create.staged node daemon.js

import { InvalidArgumentError } from './host/errors.js'

/** What has just been done when a step is over. The order is that of the operation. */
export const steps = {
  'create.user': 'its user has an id map and a file',
  'create.staged': 'its file is there, marked as not finished',
  'create.rootfs': 'its directory is there',
  'create.guest': 'its rootfs has its name',
  'create.log': 'its console log is there',
  'create.lxc': 'LXC’s own tools find it',
  'create.live': 'its file has lost the mark',

  'delete.marked': 'its file is marked as not finished',
  'delete.rootfs': 'its directory is gone',
  'delete.traces': 'its logs and run state are gone',
  'delete.file': 'its file is gone',

  'leave.cgroups': 'the cgroup of its user in its group is gone',
  'leave.user': 'its user is gone',

  'chown.file': 'its file has its new user',
  'chgrp.file': 'its file has its new group',

  'rename.marked': 'its file says what it is about to be called',
  'rename.guest': 'its rootfs has the new name',
  'rename.rootfs': 'its directory has the new name',
  'rename.file': 'its file has the new name',
  'rename.logs': 'its logs have the new name',
  'rename.done': 'its file has lost the mark',

  'rollback.marked': 'its file says which snapshot it is about to be rolled back to',
  'rollback.done': 'it is as it was then',
  'rollback.unmarked': 'its file has lost the mark',

  'dataset.marked': 'its file says which dataset is about to be made',
  'dataset.made': 'the dataset is there',
  'dataset.mounted': 'its file says where it is mounted, and has lost the mark',
  'delegate.marked': 'its file says which dataset is about to come into its hands',
  'delegate.zoned': 'that can be managed from a user namespace',
  'delegate.given': 'its file says that it has it, and has lost the mark',
  'undelegate.taken':
    'its file says that it has it no more, and which one is about to be ours again',
  'undelegate.unzoned': 'it is ours, and what the container has said of its mounts is gone',
  'undelegate.unmarked': 'its file has lost the mark',
  'dataset-delete.marked': 'its file says which dataset is about to be deleted',
  'dataset-delete.removed': 'the dataset is in the trash',
  'dataset-delete.unmarked': 'its file has lost the mark',

  'copy.staged': 'the file of the copy is there, marked as not finished',
  'copy.marked': 'the file of what is copied says so',
  'copy.snapshot': 'on ZFS: what is copied has a snapshot',
  'copy.rest': 'what is copied is stopped or frozen, if it ran',
  'copy.rootfs': 'the copy has its directory',
  'copy.unmarked': 'what is copied is as it was',
  'copy.guest': 'the rootfs of the copy has its own name',
  'copy.log': 'its console log is there',
  'copy.lxc': 'LXC’s own tools find it',
  'copy.live': 'its file has lost the mark',

  'reinstall.marked': 'its file says that another rootfs is being made',
  'reinstall.rootfs': 'that has a directory beside the first one',
  'reinstall.guest': 'and the name of the container',
  'reinstall.replacing':
    'its file is that of the new rootfs, which is to take the place of the first',
  'reinstall.replaced': 'it is in its place',
  'reinstall.done': 'its file has lost the mark',

  'boot.marked': 'its file says that a run from an image is to come',
  'boot.rootfs': 'that has a root beside its own',
  'boot.guest': 'and the name of the container',
  'boot.removed': 'after the run, it is gone',
  'boot.unmarked': 'its file has lost the mark',

  'set.limits': 'the cgroup of a running container has its limits',
  'set.file': 'its file has the settings',
  'set.guest': 'its rootfs has its name and resolvers',
  'set.lxc': 'the next run from inside has them',

  'config.file': 'the file of one that is stopped is another one',
  'config.guest': 'its rootfs has its name and resolvers',

  'ephemeral.marked': 'the file of one that lasts for one run says that this is it',
  'start.prepared': 'its LXC configuration and the cgroup of its group are there',
  'start.running': 'its init runs',
  'stop.ended': 'its init has ended',

  'user.ids': 'a user has its ids',
  'user.file': 'a user has its file',
  'user-delete.file': 'the file of a user is gone',
  'user-delete.ids': 'the ids of a user are free',
  'user-delete.cgroups': 'its cgroups, one for each group that it had containers in, are gone',

  'group.directory': 'a group has its directory',
  'group.file': 'a group has its file',
  'group.cgroup': 'a group has its cgroup',
  'group-set.limits': 'the cgroup of a group has its limits',
  'group-set.file': 'the file of a group has them',
  'group-delete.file': 'the file of a group is gone',
  'group-delete.directory': 'its directory is gone',
  'group-delete.cgroup': 'the cgroup of a group is gone',

  'id-range.file': 'an id-range has its file',
  'id-range.reserved': "ids are taken on this machine, and the range's file does not say so",
  'id-range.allocated': "the range's file says who has them",
  'id-range.freed': "the range's file does not say any more who has had them",
  'id-range-delete.file': 'the file of an id-range is gone',

  'image.staging': 'an image has a directory without its name',
  'image.unpacked': 'its files are there',
  'image.written': 'all of it is on the disk',
  'image.published': 'it has its name',
  'image-delete.renamed': 'an image has lost its name',
  'image-delete.removed': 'its files are gone',

  'install.layout': 'a pool has its directories',
  'install.config': 'a pool has its configuration',
  'install.marker': 'the directory is known as a pool',
  'import.locked': 'a pool is ours',
  'import.read': 'all its files are read',
  'import.tidied': 'what others have left in it is gone',
  'import.active': 'it is in use',
  'export.released': 'a pool is nobody’s',
  'export.cgroup': 'its cgroup is gone',

  'shutdown.marked': 'a file says that the host is being shut down',
  'shutdown.stopped': 'all containers of a pool are stopped',
  'shutdown.exported': 'all pools are nobody’s',
  'shutdown.finished': 'the file says that it is done',
} as const

export type Step = keyof typeof steps

export type Fault =
  | { readonly how: 'kill' | 'fail'; readonly step: Step }
  /** Of the signal that the operation was given. */
  | { readonly how: 'abort'; readonly step: Step; readonly controller: AbortController }

/** What `fail` makes of a step. */
export class FaultError extends Error {
  override readonly name = 'FaultError'
  readonly code = 'ERR_FAULT'

  constructor(readonly step: Step) {
    super(`step '${step}' was told to fail`)
  }
}

let fault: Fault | null = null

/** From now on, once. */
export function arm(next: Fault | null): void {
  fault = next
}

/**
 * What the environment asks for. A fault at a step that there is not would never happen, and what is to
 * be shown by it would be shown by nothing.
 *
 * @throws InvalidArgumentError
 */
export function faultOf(text: string | undefined): Fault | null {
  if (text === undefined || text === '') return null
  const [how, step, ...more] = text.split(':')
  if ((how !== 'kill' && how !== 'fail') || step === undefined || more.length > 0) {
    throw new InvalidArgumentError('VPSADMINOS_FAULT', 'must be kill:STEP or fail:STEP')
  }
  if (!Object.hasOwn(steps, step)) {
    throw new InvalidArgumentError('VPSADMINOS_FAULT', 'there is no such step; see lib/step.ts')
  }
  return { how, step: step as Step }
}

arm(faultOf(process.env['VPSADMINOS_FAULT']))

/**
 * Called when a step is over.
 *
 * @param signal where the operation can still be given up: rejects with its reason
 */
export function done(step: Step, signal?: AbortSignal): void {
  if (fault?.step === step) {
    const { how } = fault
    if (how === 'kill') process.kill(process.pid, 'SIGKILL')
    if (how === 'abort') fault.controller.abort()
    fault = null
    if (how === 'fail') throw new FaultError(step)
  }
  signal?.throwIfAborted()
}
