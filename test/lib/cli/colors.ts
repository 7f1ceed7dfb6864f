// Colours: at a terminal, unless they are not wanted, and nowhere else.
import { Listing, plain } from '../../../dist/cli/listing.js'
import { paintFor } from '../../../dist/cli/colors.js'
import type { Session } from '../../../dist/cli/session.js'
import { servedPlace } from '../../helpers/daemon.js'
import { PROGRAM } from '../../helpers/osctl.js'
import { requires } from '../../helpers/requires.js'
import { TerminalRun } from '../../helpers/terminal.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const place = await servedPlace(t)
const env = { OSCTLD_SOCKET: place.socket }
// eslint-disable-next-line no-control-regex -- of a terminal
const ANY = /\x1b\[/

await t.test('columns stand where they stand without', async (t) => {
  const terminal = { isTTY: true }
  const print = (paint: Session['paint']): string => {
    let text = ''
    const session = { json: false, paint, print: (more: string) => (text += more) }
    new Listing(plain('id', 'state', 'error', 'type'), {}).print(session as unknown as Session, [
      { id: 'a', state: 'running', type: 'x' },
      { id: 'bcd', state: 'error', error: 'gone' },
      { id: 'running', state: 'stopped' },
    ])
    return text
  }
  Object.assign(process.env, { TERM: 'xterm', NO_COLOR: '' })
  const paint = paintFor(terminal, true)
  const seen = print(paint)
  t.equal(
    seen.split('\n')[1],
    'a        \x1b[32mrunning\x1b[0m  -      x',
    'what runs is green, and what is no state is as it was',
  )
  t.match(seen, 'bcd      \x1b[31merror\x1b[0m    \x1b[31mgone\x1b[0m   -\n')
  t.match(seen, '\nrunning  stopped  -      -\n')
  t.match(seen, /^\x1b\[1mID\x1b\[0m {7}\x1b\[1mSTATE/) // eslint-disable-line no-control-regex -- of a terminal
  t.equal(seen.replaceAll(/\x1b\[\d*m/g, ''), print(null)) // eslint-disable-line no-control-regex -- of a terminal
  t.equal(paintFor(terminal, false), null)
  t.equal(paintFor({}, true), null)
})

await t.test('at a terminal', async (t) => {
  const at = async (said: string, more: NodeJS.ProcessEnv = {}) => {
    const run = new TerminalRun(t, `${process.execPath} ${PROGRAM} ${said}`, { ...env, ...more })
    await run.until(t, /code \d/)
    return run.raw
  }
  t.match(await at('pool ls'), '\x1b[32mactive\x1b[0m')
  t.match(await at('pool show -o state tank'), '\x1b[1mSTATE:\x1b[0m  \x1b[32mactive\x1b[0m')
  t.match(await at('ct show nobody'), '\x1b[31merror:\x1b[0m ')
  for (const raw of [
    await at('--no-color pool ls'),
    await at('pool ls', { NO_COLOR: '1' }),
    await at('pool ls', { TERM: 'dumb' }),
    await at('--no-color ct show nobody'),
    await at('-j pool ls'),
  ])
    t.notMatch(raw, ANY)
})
