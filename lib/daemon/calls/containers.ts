// Of containers.

import { z } from 'zod'
import { passwordInput } from '../../container/password.js'
import { STOP_METHODS } from '../../container/stop.js'
import type { WaitTarget } from '../../container/wait.js'
import type { SignalName } from '../../ns/signal.js'
import { cgparamChange } from '../../schema/cgparam.js'
import {
  bootSettings,
  containerSettings,
  copySettings,
  createOptions,
  distributionInput,
  reinstallSettings,
} from '../../schema/container.js'
import { createDatasetOptions, mountInput, setDatasetOptions } from '../../schema/dataset.js'
import {
  attributesCall,
  call,
  count,
  duration,
  figures,
  flag,
  names,
  program,
  reference,
} from '../call.js'
import { paramsOfContainer } from '../cgparam-list.js'
import { FILTERS, listed, referenceOf } from '../container-list.js'

const path = { container: reference }
const stopQuery = {
  timeout: duration,
  method: z.enum(STOP_METHODS).optional(),
}
const programBody = z.strictObject({
  ...program,
  stdin: z.string().optional(),
  timeout: z.number().nonnegative().optional(),
  maxBuffer: z.union([z.number(), z.string()]).optional(),
})

export const containerCalls = [
  call('container.list', 'GET /containers', {
    summary:
      'All that match, from memory alone; `stats`: and what they use, in one reading of all.',
    query: {
      ...Object.fromEntries(FILTERS.map((name) => [name, names])),
      ephemeral: flag.optional(),
      ids: names.describe('Those alone, by reference'),
      fields: names.describe('Default: all'),
      stats: flag.optional(),
      figures,
    },
    run: ({ host, query, options: { signal } }) => listed(host, query, signal),
  }),
  call('container.stats', 'GET /stats', {
    summary: 'What containers use, by reference, in one reading of all; without names, of all.',
    query: { containers: names, figures },
    run: async ({ host, query: { containers, figures }, options: { signal } }) => {
      const references = containers ?? host.containers.list().map(referenceOf)
      return Object.fromEntries(await host.containers.stats(references, { signal, figures }))
    },
  }),
  call('container.show', 'GET /containers/:container', {
    summary: 'One container, from memory alone.',
    path,
    run: ({ host, path }) => host.containers.show(path.container),
  }),
  call('container.create', 'POST /containers', {
    summary: 'Makes a container from an image.',
    body: createOptions,
    run: async ({ host, body, options }) => (await host.containers.create(body, options)).show(),
  }),
  call('container.copy', 'POST /containers/:container/copy', {
    summary: 'Makes another one that is as this one.',
    path,
    query: { id: z.string() },
    body: copySettings,
    run: async ({ host, path, query: { id }, body, options }) =>
      (await host.containers.copy(path.container, id, { ...body, ...options })).show(),
  }),
  call('container.set', 'PATCH /containers/:container', {
    summary:
      'Changes settings; `null` goes back to the default. Answers what waits for the next start.',
    path,
    body: containerSettings,
    run: ({ host, path, body, options }) => host.containers.get(path.container).set(body, options),
  }),
  call('container.config.reload', 'POST /containers/:container/config/reload', {
    summary: 'Takes what stands in its file, after that was edited.',
    path,
    run: ({ host, path, options }) => host.containers.get(path.container).reloadConfig(options),
  }),
  call('container.config.replace', 'POST /containers/:container/config', {
    summary: 'Gives it another configuration as a whole.',
    path,
    body: z.strictObject({ config: z.string().describe('YAML, as in its file') }),
    noted: () => ({}),
    run: ({ host, path, body: { config }, options }) =>
      host.containers.get(path.container).replaceConfig(config, options),
  }),
  call('container.distribution', 'POST /containers/:container/distribution', {
    summary: 'Says which system is in its root filesystem.',
    path,
    body: distributionInput,
    run: ({ host, path, body, options }) =>
      host.containers.get(path.container).setDistribution(body, options),
  }),
  call('container.cgparam.list', 'GET /containers/:container/cgparams', {
    summary: 'Its cgroup parameters; `all`: and those of its groups, from the root on.',
    path,
    query: { all: flag.default(false) },
    run: ({ host, path, query: { all } }) =>
      paramsOfContainer(host.containers.get(path.container), all),
  }),
  call('container.cgparam.set', 'PATCH /containers/:container/cgparams', {
    summary: 'Sets some of its cgroup parameters, and takes others away; the rest stays.',
    path,
    body: cgparamChange,
    run: ({ host, path, body, options }) =>
      host.containers.get(path.container).changeCgparams(body, options),
  }),
  attributesCall(
    'container',
    'containers/:container',
    path,
    (host, { container }) => host.containers.get(container).attributes,
  ),
  call('container.chown', 'POST /containers/:container/chown', {
    summary: 'Gives it another user.',
    path,
    query: { user: z.string() },
    run: ({ host, path, query: { user }, options }) =>
      host.containers.get(path.container).chown(user, options),
  }),
  call('container.chgrp', 'POST /containers/:container/chgrp', {
    summary: 'Puts it into another group.',
    path,
    query: { group: z.string() },
    run: ({ host, path, query: { group }, options }) =>
      host.containers.get(path.container).chgrp(group, options),
  }),
  call('container.rename', 'POST /containers/:container/rename', {
    summary: 'Gives it another id.',
    path,
    query: { id: z.string() },
    run: ({ host, path, query: { id }, options }) =>
      host.containers.get(path.container).rename(id, options),
  }),
  call('container.reinstall', 'POST /containers/:container/reinstall', {
    summary: 'Gives it another root filesystem, from an image.',
    path,
    body: reinstallSettings,
    run: ({ host, path, body, options }) =>
      host.containers.get(path.container).reinstall({ ...body, ...options }),
  }),
  call('container.delete', 'DELETE /containers/:container', {
    summary: 'Removes it and all that is in it. The receipt says whether anything is left.',
    path,
    query: { force: flag.optional() },
    run: ({ host, path, query: { force = false }, options }) =>
      host.containers.get(path.container).delete({ force, ...options }),
  }),
  call('container.start', 'POST /containers/:container/start', {
    summary: 'Starts it.',
    path,
    query: { timeout: duration },
    run: ({ host, path, query: { timeout }, options }) =>
      host.containers.get(path.container).start({ timeout, ...options }),
  }),
  call('container.boot', 'POST /containers/:container/boot', {
    summary: 'Starts it from another root filesystem, for one run.',
    path,
    query: { timeout: duration },
    body: bootSettings,
    run: ({ host, path, query: { timeout }, body, options }) =>
      host.containers.get(path.container).boot({ timeout, ...body, ...options }),
  }),
  call('container.stop', 'POST /containers/:container/stop', {
    summary: 'Has it shut down, and kills it when that takes too long.',
    path,
    query: stopQuery,
    run: ({ host, path, query, options }) =>
      host.containers.get(path.container).stop({ ...query, ...options }),
  }),
  call('container.restart', 'POST /containers/:container/restart', {
    summary: 'Stops it and starts it.',
    path,
    query: { ...stopQuery, startTimeout: duration },
    run: ({ host, path, query, options }) =>
      host.containers.get(path.container).restart({ ...query, ...options }),
  }),
  call('container.reboot', 'POST /containers/:container/reboot', {
    summary: 'Tells its init to reboot.',
    path,
    query: { timeout: duration },
    run: ({ host, path, query, options }) =>
      host.containers.get(path.container).reboot({ ...query, ...options }),
  }),
  call('container.kill', 'POST /containers/:container/kill', {
    summary: 'Sends a signal to its init; SIGKILL goes to everything in it.',
    path,
    query: { signal: z.string().default('SIGKILL') },
    run: ({ host, path, query: { signal }, options }) =>
      host.containers.get(path.container).kill(signal as SignalName, options),
  }),
  call('container.recover-state', 'POST /containers/:container/recover-state', {
    summary: 'Finds out anew whether it runs, and does what is to be done when it does not.',
    path,
    query: { lock: flag.default(true) },
    run: async ({ host, path, query: { lock }, options }) => ({
      state: await host.containers.get(path.container).recoverState({ lock, ...options }),
    }),
  }),
  call('container.recover-cleanup', 'POST /containers/:container/recover-cleanup', {
    summary: 'Removes cgroups and network interfaces that a run of it has left.',
    path,
    query: {
      cgroups: flag.default(true),
      networkInterfaces: flag.default(true),
      force: flag.default(false).describe('Kills what still runs in them'),
    },
    run: ({ host, path, query, options }) => {
      const { cgroups, networkInterfaces, force } = query
      return host.containers
        .get(path.container)
        .recoverCleanup({ cgroups, networkInterfaces, force, ...options })
    },
  }),
  call('container.freeze', 'POST /containers/:container/freeze', {
    summary: 'Stops all its processes where they are.',
    path,
    run: ({ host, path, options }) => host.containers.get(path.container).freeze(options),
  }),
  call('container.thaw', 'POST /containers/:container/thaw', {
    summary: 'Has them go on.',
    path,
    run: ({ host, path, options }) => host.containers.get(path.container).thaw(options),
  }),
  call('container.wait', 'GET /containers/:container/wait', {
    summary: 'Answers when it is in a state, or `ready`.',
    path,
    query: { for: z.string(), timeout: duration },
    run: ({ host, path, query, options: { signal } }) =>
      host.containers
        .get(path.container)
        .wait(query.for as WaitTarget, { timeout: query.timeout, signal }),
  }),
  call('container.exec', 'POST /containers/:container/exec', {
    summary: 'Runs a program in it, and answers what it printed and how it ended.',
    path,
    body: programBody,
    // There may be passwords in it.
    noted: () => ({}),
    run: ({ host, path, body: { args, ...more }, options: { signal } }) =>
      host.containers.get(path.container).exec(args, { ...more, signal }),
  }),
  call('container.passwd', 'POST /containers/:container/passwd', {
    summary: 'Sets the password of one of its users.',
    path,
    body: passwordInput,
    noted: ({ user }) => ({ user }),
    run: ({ host, path, body: { user, password }, options }) =>
      host.containers.get(path.container).setPassword(user, password, options),
  }),
  call('container.sessions', 'GET /containers/:container/sessions', {
    summary: 'Programs that were begun in it, and whose end nobody has heard of yet.',
    path,
    run: ({ host, path, options: { signal } }) =>
      host.containers.get(path.container).sessions({ signal }),
  }),
  call('container.session.kill', 'POST /containers/:container/sessions/:session/kill', {
    summary: 'Sends a signal to one of them.',
    path: { ...path, session: count },
    query: { signal: z.string().default('SIGTERM') },
    run: async ({ host, path, query: { signal }, options }) => {
      const session = await host.containers
        .get(path.container)
        .session(path.session, { signal: options.signal })
      session.kill(signal as SignalName)
      await session.detach()
    },
  }),
  call('container.enqueue', 'POST /containers/:container/enqueue', {
    summary: 'Starts it when its turn comes, among those that start by themselves.',
    path,
    query: { priority: count.optional() },
    run: ({ host, path, query, options: { signal } }) => {
      const { pool, id } = host.containers.get(path.container)
      return host.pools.get(pool).autostart.enqueue(id, { ...query, signal })
    },
  }),
  call('container.dataset.list', 'GET /containers/:container/datasets', {
    summary: 'Its datasets, its own first, with what they hold and may hold.',
    path,
    run: ({ host, path, options: { signal } }) =>
      host.containers.get(path.container).datasets.list({ signal }),
  }),
  call('container.dataset.create', 'POST /containers/:container/datasets/:dataset', {
    summary: 'Makes one below its own, and mounts it.',
    path: { ...path, dataset: reference },
    body: createDatasetOptions,
    run: ({ host, path, body, options }) =>
      host.containers.get(path.container).datasets.create(path.dataset, body, options),
  }),
  call('container.dataset.set', 'PATCH /containers/:container/datasets/:dataset', {
    summary: 'Changes one; `/` is its own. `null` goes back to what is inherited.',
    path: { ...path, dataset: reference },
    body: setDatasetOptions,
    run: ({ host, path, body, options }) =>
      host.containers.get(path.container).datasets.set(path.dataset, body, options),
  }),
  call('container.dataset.delete', 'DELETE /containers/:container/datasets/:dataset', {
    summary: 'Deletes one below its own, and what is in it.',
    path: { ...path, dataset: reference },
    query: { recursive: flag.default(false), unmount: flag.default(false) },
    run: ({ host, path, query: { recursive, unmount }, options }) =>
      host.containers
        .get(path.container)
        .datasets.delete(path.dataset, { recursive, unmount }, options),
  }),
  call('container.mount.list', 'GET /containers/:container/mounts', {
    summary: 'Where it sees datasets of its own.',
    path,
    run: ({ host, path }) => host.containers.get(path.container).mounts.list(),
  }),
  call('container.mount.add', 'POST /containers/:container/mounts', {
    summary: 'Has it see a dataset of its own somewhere, at once where it runs.',
    path,
    body: mountInput,
    run: ({ host, path, body, options }) =>
      host.containers.get(path.container).mounts.add(body, options),
  }),
  call('container.mount.remove', 'DELETE /containers/:container/mounts', {
    summary: 'Takes that away.',
    path,
    query: { mountpoint: z.string() },
    run: ({ host, path, query: { mountpoint }, options }) =>
      host.containers.get(path.container).mounts.remove(mountpoint, options),
  }),
  call('container.lxc', 'POST /containers/:container/lxc', {
    summary: "Where LXC's own tools find it; has its configuration be there.",
    path,
    run: ({ host, path, options }) => host.containers.get(path.container).lxc(options),
  }),
  call('container.assets', 'GET /containers/:container/assets', {
    summary: 'Everything that it owns, with its state.',
    path,
    run: ({ host, path }) => host.containers.get(path.container).assets(),
  }),
]
