// Whoever waits for the agent is told when there is none any more.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import tap, { type Test } from 'tap'
import { AgentConnection } from '../agent-connection.js'
import { testDirectory } from '../../helpers/system.js'

async function connected(t: Test): Promise<{ agent: Socket; connection: AgentConnection }> {
  const path = join(testDirectory(t), 'lab')
  const server = createServer().listen(path)
  t.teardown(() => server.close())
  await once(server, 'listening')
  const socket = connect(path)
  const [[agent]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
    [Socket],
    unknown,
  ]
  return { agent, connection: new AgentConnection(socket) }
}

tap.test('the machine ends', async (t) => {
  const { agent, connection } = await connected(t)
  const run = connection.run(['true'], {})
  const warm = connection.warm({})
  const data = Buffer.from('begun').toString('base64')
  // A message that it had no time to end is not a message.
  agent.end(`{"type":"output","id":1,"stream":"stdout","data":"${data}"}\n{"type":"exi`)
  const reason = 'the machine or its agent has ended'
  await t.rejects(run, { name: 'GoneError', reason, output: { stdout: 'begun' } })
  await t.rejects(warm, { name: 'GoneError', reason })
  await t.rejects(connection.ready, { name: 'GoneError' })
  await t.rejects(connection.run(['true'], {}), { name: 'GoneError' }, 'also afterwards')
  await t.rejects(connection.warm({}), { name: 'GoneError' })
})

tap.test('somebody else is there', async (t) => {
  const { agent, connection } = await connected(t)
  const run = connection.run(['true'], {})
  agent.write('login: \n')
  await t.rejects(run, { name: 'GoneError', reason: /"login: "/ })
})
