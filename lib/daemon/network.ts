// The same API over the network, for clients whose certificates are known: off unless it is configured.

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { serverLimits } from './api.js'
import { refuseClient } from './error-answer.js'
import type { TlsOptions } from '../schema/daemon.js'

export type NetworkServer = Server

type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** A client has as long to show who it is. */
const HANDSHAKE_MS = 10_000

/**
 * Resolves when it listens.
 *
 * @throws SystemError-like errors of files and addresses, and of OpenSSL for what is in the files
 */
export async function listenTls(
  app: FastifyInstance,
  onUpgrade: OnUpgrade,
  { host, port, cert, key, clientCa }: Required<TlsOptions>,
): Promise<NetworkServer> {
  const [certText, keyText, caText] = await Promise.all(
    [cert, key, clientCa].map((path) => readFile(path)),
  )
  const server = createServer(
    {
      cert: certText,
      key: keyText,
      // Those that it has signed, and no others: nothing of a request is read before.
      ca: caText,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      handshakeTimeout: HANDSHAKE_MS,
      ...serverLimits,
    },
    (request, response) => app.routing(request, response),
  )
  server.on('upgrade', onUpgrade)
  server.on('clientError', refuseClient)
  // A client that is refused.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.listen(port, host)
  await once(server, 'listening')
  return server
}
