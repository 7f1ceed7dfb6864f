// A user is an id map: what may be asked for, and what stands in `conf/user/NAME.yml`.

import { z } from 'zod'
import { attrsFile } from './attributes.js'
import { idRangeName, userName } from './names.js'
import { nullIsNone } from './null-is-none.js'

const ID_MAX = 2 ** 32 - 2 // (uid_t) -1 means "no id"

const MAP = /^(\d{1,10}):(\d{1,10}):(\d{1,10})$/

/** One entry of an id map, written `ns:host:count`. */
export const idMapEntry = z
  .string()
  .regex(MAP, 'must be like "0:1000000:65536"')
  .transform((text) => {
    const [, nsId, hostId, count] = MAP.exec(text) ?? []
    return { nsId: Number(nsId), hostId: Number(hostId), count: Number(count) }
  })
  .refine(({ count }) => count > 0, 'must map at least one id')
  .refine(
    ({ nsId, hostId, count }) => nsId + count - 1 <= ID_MAX && hostId + count - 1 <= ID_MAX,
    'must stay below 2^32 - 1',
  )
  .refine(({ hostId }) => hostId !== 0, "must not map to the host's root")

const idMap = z.array(idMapEntry).min(1, 'must have an entry').max(340, 'must have at most 340')

/** Either a block of an id-range, or explicit maps, or maps within a block. */
export interface CreateUserOptions {
  readonly name: string
  /** The pool's name. Default: the first pool. */
  readonly pool?: string | undefined
  /** The range that its ids are from. Default `default`. */
  readonly idRange?: string | undefined
  /** Which block of the range. Default: the first free one. */
  readonly blockIndex?: number | undefined
  /** Entries like `0:1000000:65536`: the first id inside, the first on the host, how many. */
  readonly uidMap?: readonly string[] | undefined
  /** As `uidMap`. Default: the same. */
  readonly gidMap?: readonly string[] | undefined
  /** A user that is not standalone vanishes with its last container. Default true. */
  readonly standalone?: boolean | undefined
}

export const createUserOptions = z.strictObject({
  name: userName,
  pool: z.string().optional(),
  idRange: idRangeName.default('default'),
  blockIndex: z.number().int().nonnegative().optional(),
  uidMap: idMap.optional(),
  gidMap: idMap.optional(),
  standalone: z.boolean().default(true),
})

/** `conf/user/NAME.yml` */
export const userFile = z.preprocess(
  withMaps,
  z.looseObject({
    uid_map: idMap,
    gid_map: idMap,
    standalone: nullIsNone(z.boolean().default(true)),
    attrs: attrsFile,
  }),
)
export type UserFile = z.output<typeof userFile>

// Before there were maps, vpsAdminOS wrote where the ids begin on the host, and how many there are.
function withMaps(file: unknown): unknown {
  if (typeof file !== 'object' || file === null) return file
  const { offset, size, uid_map, gid_map } = file as Readonly<Record<string, unknown>>
  if (typeof offset !== 'number' || typeof size !== 'number') return file
  const map = [`0:${offset}:${size}`]
  return { ...file, uid_map: uid_map ?? map, gid_map: gid_map ?? map }
}
