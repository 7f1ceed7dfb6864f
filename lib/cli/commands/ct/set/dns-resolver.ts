// osctl ct set dns-resolver

import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID ADDRESS...',
  summary: 'set its name servers, at once',
  run: ([id, ...dnsResolvers], _options, session) => setContainer(session, id, { dnsResolvers }),
})
