// Of id-ranges, users and groups.

import { z } from 'zod'
import { cgparamChange } from '../../schema/cgparam.js'
import { createGroupOptions, groupSettings } from '../../schema/group.js'
import { allocateOptions, createIdRangeOptions } from '../../schema/id-range.js'
import { createUserOptions } from '../../schema/user.js'
import { attributesCall, call, figures, flag, reference } from '../call.js'
import { paramsOfGroup } from '../cgparam-list.js'

const range = { range: reference }
const user = { user: reference }
const group = { group: reference }
const freed = z.union([
  z.strictObject({ blockIndex: z.number().int().nonnegative() }),
  z.strictObject({ owner: z.string().min(1) }),
])

export const entityCalls = [
  call('id-range.list', 'GET /id-ranges', {
    summary: 'All ranges of ids.',
    run: ({ host }) => host.idRanges.list(),
  }),
  call('id-range.show', 'GET /id-ranges/:range', {
    summary: 'One range of ids.',
    path: range,
    run: ({ host, path }) => host.idRanges.get(path.range).show(),
  }),
  call('id-range.create', 'POST /id-ranges', {
    summary: 'Makes a range of ids.',
    body: createIdRangeOptions,
    run: async ({ host, body, options }) => (await host.idRanges.create(body, options)).show(),
  }),
  call('id-range.delete', 'DELETE /id-ranges/:range', {
    summary: 'Deletes a range that nobody has ids of.',
    path: range,
    run: ({ host, path, options }) => host.idRanges.get(path.range).delete(options),
  }),
  call('id-range.table', 'GET /id-ranges/:range/table', {
    summary: 'Which blocks are whose, and which are free.',
    path: range,
    query: { type: z.enum(['all', 'allocated', 'free']).default('all') },
    run: ({ host, path, query }) => host.idRanges.get(path.range).table(query.type),
  }),
  call('id-range.allocate', 'POST /id-ranges/:range/allocate', {
    summary: 'Takes blocks of it.',
    path: range,
    body: allocateOptions,
    run: ({ host, path, body, options }) => host.idRanges.get(path.range).allocate(body, options),
  }),
  call('id-range.free', 'POST /id-ranges/:range/free', {
    summary: 'Gives blocks back: the one of an index, or all of an owner.',
    path: range,
    body: freed,
    run: ({ host, path, body, options }) => host.idRanges.get(path.range).free(body, options),
  }),
  attributesCall(
    'id-range',
    'id-ranges/:range',
    range,
    (host, { range }) => host.idRanges.get(range).attributes,
  ),
  call('id-range.assets', 'GET /id-ranges/:range/assets', {
    summary: 'Everything that it owns, with its state.',
    path: range,
    run: ({ host, path }) => host.idRanges.get(path.range).assets(),
  }),
  call('user.list', 'GET /users', {
    summary: 'All users.',
    run: ({ host }) => host.users.list(),
  }),
  call('user.show', 'GET /users/:user', {
    summary: 'One user.',
    path: user,
    run: ({ host, path }) => host.users.get(path.user).show(),
  }),
  call('user.create', 'POST /users', {
    summary: 'Makes a user: a map of ids.',
    body: createUserOptions,
    run: async ({ host, body, options }) => (await host.users.create(body, options)).show(),
  }),
  call('user.set', 'PATCH /users/:user', {
    summary: 'Says whether it stays when its last container goes.',
    path: user,
    body: z.strictObject({ standalone: z.boolean() }),
    run: async ({ host, path, body, options }) => {
      await host.users.get(path.user).setStandalone(body.standalone, options)
      return host.users.get(path.user).show()
    },
  }),
  call('user.delete', 'DELETE /users/:user', {
    summary: 'Deletes a user that has no containers.',
    path: user,
    run: ({ host, path, options }) => host.users.get(path.user).delete(options),
  }),
  attributesCall('user', 'users/:user', user, (host, { user }) => host.users.get(user).attributes),
  call('user.assets', 'GET /users/:user/assets', {
    summary: 'Everything that it owns, with its state.',
    path: user,
    run: ({ host, path }) => host.users.get(path.user).assets(),
  }),
  call('group.list', 'GET /groups', {
    summary: 'All groups; `stats`: and what all in each of them use together.',
    query: { stats: flag.optional(), figures },
    run: async ({ host, query: { stats: withStats = false, figures }, options: { signal } }) => {
      const groups = host.groups.list()
      if (!withStats) return groups
      const nameOf = ({ pool, path }: { pool: string; path: string }) => `${pool}:${path}`
      const stats = await host.groups.stats(groups.map(nameOf), { signal, figures })
      return groups.map((one) => ({ ...one, stats: stats.get(nameOf(one)) ?? null }))
    },
  }),
  call('group.show', 'GET /groups/:group', {
    summary: 'One group.',
    path: group,
    run: ({ host, path }) => host.groups.get(path.group).show(),
  }),
  call('group.create', 'POST /groups', {
    summary: 'Makes a group.',
    body: createGroupOptions,
    run: async ({ host, body, options }) => (await host.groups.create(body, options)).show(),
  }),
  call('group.set', 'PATCH /groups/:group', {
    summary: 'Changes its limits, at once; `null` takes one away.',
    path: group,
    body: groupSettings,
    run: async ({ host, path, body, options }) => {
      await host.groups.get(path.group).set(body, options)
      return host.groups.get(path.group).show()
    },
  }),
  call('group.cgparam.list', 'GET /groups/:group/cgparams', {
    summary: 'Its cgroup parameters; `all`: and those of the groups above it, from the root on.',
    path: group,
    query: { all: flag.default(false) },
    run: ({ host, path, query: { all } }) => paramsOfGroup(host.groups.get(path.group), all),
  }),
  call('group.cgparam.set', 'PATCH /groups/:group/cgparams', {
    summary: 'Sets some of its cgroup parameters, and takes others away; the rest stays.',
    path: group,
    body: cgparamChange,
    run: ({ host, path, body, options }) =>
      host.groups.get(path.group).changeCgparams(body, options),
  }),
  call('group.delete', 'DELETE /groups/:group', {
    summary: 'Deletes a group that has nothing in it.',
    path: group,
    run: ({ host, path, options }) => host.groups.get(path.group).delete(options),
  }),
  call('group.stats', 'GET /groups/:group/stats', {
    summary: 'What all in it use together.',
    path: group,
    query: { figures },
    run: ({ host, path, query: { figures }, options: { signal } }) =>
      host.groups.get(path.group).stats({ signal, figures }),
  }),
  attributesCall(
    'group',
    'groups/:group',
    group,
    (host, { group }) => host.groups.get(group).attributes,
  ),
  call('group.assets', 'GET /groups/:group/assets', {
    summary: 'Everything that it owns, with its state.',
    path: group,
    run: ({ host, path }) => host.groups.get(path.group).assets(),
  }),
]
