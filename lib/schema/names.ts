// Which names an entity may have. The rules are osctl's, so that configurations move over unchanged.
// JSON Schema knows no flags of patterns: letters are written in both cases.

import { z } from 'zod'

const WORD = /^[a-zA-Z0-9_-]{1,100}$/
const WORD_RULE = 'must be 1 to 100 of a-z, A-Z, 0-9, "_" and "-"'

/** A container's id. It becomes a directory, a cgroup and an LXC name. */
export const containerId = z.string().regex(WORD, WORD_RULE)

/** A user's (id map's) name. There is no system account behind it, so no 31-character limit. */
export const userName = z.string().regex(WORD, WORD_RULE)

export const idRangeName = z.string().regex(WORD, WORD_RULE)

/** A pool's name: a directory of the run state and a cgroup, so it cannot begin with a dot. */
export const poolName = z
  .string()
  .regex(/^[a-zA-Z0-9_-][a-zA-Z0-9_.-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9, "_", "-" and "."')

/**
 * A dataset of ZFS that can be a pool. Of the 255 characters that ZFS takes, those of containers and
 * images are below it; and its name becomes part of lines of text, so that it must hold no blanks.
 */
export const datasetName = z
  .string()
  .max(120, 'must be at most 120 characters')
  .regex(
    /^[a-zA-Z][a-zA-Z0-9_.:-]*(\/[a-zA-Z0-9_.:-]+)*$/,
    'must be like "tank/sub", of a-z, 0-9, "_.:-"',
  )
  .refine((name) => !/(^|\/)\.\.?(\/|$)/.test(name), 'must not hold "." or ".." as a part')

/** A snapshot of a container: what stands after the `@`. */
export const snapshotName = z
  .string()
  .regex(/^[a-zA-Z0-9_.:-]{1,100}$/, 'must be 1 to 100 of a-z, A-Z, 0-9, "_.:-"')

/**
 * An absolute path of a group: `/`, `/default`, `/a/b`. With as many levels as leave room below for the cgroups of
 * guests, whose paths the kernel takes up to 4096 characters of.
 */
export const groupPath = z
  .string()
  .max(1000, 'must be at most 1000 characters')
  .regex(
    /^\/$|^(\/[a-zA-Z0-9_-]{1,100}){1,32}$/,
    'must be "/", or up to 32 parts after a "/" each; a part ' + WORD_RULE,
  )

const LABEL = /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/i

/** A host name, fully qualified or not. */
export const hostname = z
  .string()
  .min(1, 'must not be empty')
  .max(253, 'must be at most 253 characters')
  .refine((name) => name.split('.').every((label) => LABEL.test(label)), {
    error: 'every part must be 1 to 63 of a-z, 0-9, "-", and begin and end with a letter or digit',
  })

/** The name of a network interface as the kernel takes it. */
export const interfaceName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,15}$/, 'must be 1 to 15 of a-z, 0-9, "_", "-" and "."')
  .refine((name) => name !== '.' && name !== '..' && name !== 'lo', 'is reserved')

/** Text for one line of a configuration file: the guest's and liblxc's parsers end at a newline. */
export const line = z
  .string()
  .max(4096, 'must be at most 4096 characters')
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  .regex(/^[^\0-\x1f\x7f]*$/, 'must not hold control characters')
