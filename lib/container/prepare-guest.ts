// Gives a rootfs that was just made from an image the container's name. What the image has is known
// without mounting it.

import type { Image } from '../image/types.js'
import type { RootfsPlan } from '../keeper/types.js'
import { poolError } from '../pool/write-file.js'
import { editsFor, machineId, nameFiles, resolverFiles } from './guest-files.js'
import { filesOf } from './image-facts.js'
import type { DetectedInit } from './init-detect.js'
import type { ContainerRecord } from './record.js'

/** @param rootfs where it is */
export async function prepareGuest(
  { pool, config, id }: Pick<ContainerRecord, 'pool' | 'config' | 'id'>,
  rootfs: RootfsPlan,
  image: Image,
  { kind }: DetectedInit,
): Promise<void> {
  const files = [...nameFiles({ config, id }), ...resolverFiles({ config, id })]
  const paths = files.map(({ path }) => path)
  const present = await filesOf(pool.images, image, paths)
  const steps = editsFor(files, present)
  // The image's own is the image's, not this machine's, whoever may write it.
  if (kind === 'systemd') steps.push(...editsFor([machineId()], []))
  if (steps.length === 0) return
  const keeper = await pool.host.keeper()
  const results = await keeper.edit({ rootfs }, steps, { flush: pool.marker.durable })
  for (const { error } of results) if (error !== null) throw poolError(error, pool.layout.root)
}
