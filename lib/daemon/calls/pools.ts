// Of pools, and of what each of them does by itself.

import { z } from 'zod'
import { STOP_METHODS } from '../../container/stop.js'
import { importImage } from '../../image/schema.js'
import { installOptions, poolOptions, poolSettings, zfsPoolOptions } from '../../schema/pool.js'
import { startByItself } from '../autostart.js'
import { tellOfBroken } from '../broken-files.js'
import { answerOf } from '../error-answer.js'
import { attributesCall, call, duration, flag, reference } from '../call.js'

const path = { pool: reference }

export const poolCalls = [
  call('pool.list', 'GET /pools', {
    summary: 'All pools that are imported.',
    run: ({ host }) => host.pools.list(),
  }),
  call('pool.show', 'GET /pools/:pool', {
    summary: 'One pool.',
    path,
    run: ({ host, path: { pool } }) => host.pools.get(pool).show(),
  }),
  call('pool.install', 'POST /pools/install', {
    summary: 'Makes a directory or a dataset a pool, and imports it.',
    body: installOptions,
    run: async ({ host, body, options }) => (await host.pools.install(body, options)).show(),
  }),
  call('pool.uninstall', 'POST /pools/uninstall', {
    summary: 'Takes from a dataset that it is a pool; what is in it stays.',
    body: zfsPoolOptions,
    run: ({ host, body, options }) => host.pools.uninstall(body, options),
  }),
  call('pool.import', 'POST /pools/import', {
    summary: 'Takes a pool into use; `autostart`: and begins to start what starts by itself.',
    query: { autostart: flag.optional() },
    body: poolOptions,
    run: async ({ host, query: { autostart = false }, body, options, log }) => {
      const pool = await host.pools.import(body, options)
      tellOfBroken(pool, log)
      if (autostart) void startByItself(pool, log)
      return pool.show()
    },
  }),
  call('pool.export', 'POST /pools/:pool/export', {
    summary: 'Lets go of a pool that has nothing running; `stop`: stops what runs first.',
    path,
    query: { stop: flag.optional(), timeout: duration, method: z.enum(STOP_METHODS).optional() },
    run: async ({ host, path: { pool }, query: { stop = false, timeout, method }, options }) => {
      if (stop) {
        const { failed } = await host.pools
          .get(pool)
          .autostart.stop({ timeout, method, signal: options.signal })
        if (failed[0] !== undefined) throw failed[0].error
      }
      await host.pools.export(pool, options)
    },
  }),
  attributesCall('pool', 'pools/:pool', path, (host, { pool }) => host.pools.get(pool).attributes),
  call('pool.set', 'PATCH /pools/:pool', {
    summary: 'Changes settings; `null` goes back to the default.',
    path,
    body: poolSettings,
    run: async ({ host, path: { pool }, body, options }) => {
      await host.pools.get(pool).set(body, options)
      return host.pools.get(pool).show()
    },
  }),
  call('pool.assets', 'GET /pools/:pool/assets', {
    summary: 'Everything that it owns, with its state.',
    path,
    run: ({ host, path: { pool } }) => host.pools.get(pool).assets(),
  }),
  call('pool.trash.prune', 'POST /pools/:pool/trash/prune', {
    summary: 'Destroys what is in its trash, one after the other, with a pause between.',
    path,
    query: { pause: duration.describe('Milliseconds between two; default 5000') },
    run: ({ host, path: { pool }, query: { pause }, options: { signal }, progress }) =>
      host.pools.get(pool).pruneTrash({ signal, pauseMs: pause, onProgress: progress }),
  }),
  call('pool.trash.add', 'POST /trash', {
    summary: 'Puts a dataset that nobody needs into the trash of its pool.',
    query: { dataset: z.string() },
    run: async ({ host, query: { dataset }, options }) => ({
      dataset: await host.pools.trashDataset(dataset, options),
    }),
  }),
  call('pool.autostart.queue', 'GET /pools/:pool/autostart', {
    summary: 'What waits to be started by itself, or is being started.',
    path,
    run: ({ host, path: { pool } }) => host.pools.get(pool).autostart.queue(),
  }),
  call('pool.autostart.start', 'POST /pools/:pool/autostart', {
    summary: 'Starts what is to be started by itself.',
    path,
    query: { again: flag.optional() },
    run: async ({ host, path: { pool }, query: { again }, options: { signal } }) => {
      const { failed, ...report } = await host.pools
        .get(pool)
        .autostart.start({ signal, ...(again === undefined ? {} : { again }) })
      return { ...report, failed: failed.map(({ id, error }) => ({ id, ...answerOf(error) })) }
    },
  }),
  call('pool.autostart.cancel', 'DELETE /pools/:pool/autostart', {
    summary: 'Takes away what waits, and answers what that was.',
    path,
    run: ({ host, path: { pool } }) => host.pools.get(pool).autostart.cancel(),
  }),
  call('image.list', 'GET /images', {
    summary: 'The images of a pool, the newest first; without a pool, of all.',
    query: { pool: z.string().optional() },
    run: ({ host, query }) => host.images.list(query),
  }),
  call('image.import', 'POST /images', {
    summary: 'Unpacks an archive, or copies a directory, to make containers from.',
    body: importImage.extend({ pool: z.string().optional() }),
    run: ({ host, body, options, progress }) =>
      host.images.import(body, { ...options, onProgress: progress }),
  }),
  call('image.delete', 'DELETE /images/:image', {
    summary: 'Deletes an image that no container needs.',
    path: { image: reference },
    query: { pool: z.string().optional() },
    run: ({ host, path: { image }, query: { pool }, options }) =>
      host.images.delete(image, { ...options, pool }),
  }),
]
