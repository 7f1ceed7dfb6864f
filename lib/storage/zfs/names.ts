// Names in a pool of ZFS: its datasets, and the properties that say what they are. Those without
// `osctl.` in the middle are vpsAdminOS's own.

/** `yes` on the zpool's own dataset, or on the one that is the pool: it is one. */
export const ACTIVE = 'org.vpsadminos.osctl:active'
/** On the zpool's own dataset: which one below it all of the pool is in. */
export const CONFINED_TO = 'org.vpsadminos.osctl:dataset'

/** What a dataset in the trash was called. */
export const ORIGINAL_NAME = 'org.vpsadminos.osctl.trash-bin:original_name'
/** When it was put there, in seconds since 1970. */
export const TRASHED_AT = 'org.vpsadminos.osctl.trash-bin:trashed_at'

/** Properties by which a dataset is kept from taking more room, or has some for itself alone. */
export const RESERVING = ['reservation', 'refreservation'] as const
export const LIMITING = ['quota', 'refquota', ...RESERVING] as const

/** What the dataset has as limits that takes its place, as JSON: exchange.ts. */
export const LIMITS = 'org.vpsadminos.osctl:limits'

/** What would be in an image's `image.yml`, as JSON. */
export const IMAGE = 'org.vpsadminos.osctl:image'

/** Datasets of a pool, each mounted in its directory, in the order of their creation. */
export const DATASETS = ['ct', 'conf', 'hook', 'log', 'repository', 'migration', 'trash'] as const

/** Below the pool's: only other datasets are in it. */
export const IMAGES = 'repository/images'

/** Of an image, what containers are cloned from. */
export const IMAGE_SNAPSHOT = 'image'

/** Whether a dataset of a container, or a snapshot of one, is not of what it sees. @param home its own */
export function isAside(home: string, name: string): boolean {
  return name.slice(home.length).includes('/.')
}

/** In a container's dataset, and in an image's: so `.zfs`, which is beside it, is in no guest. */
export const TREE = 'private'
