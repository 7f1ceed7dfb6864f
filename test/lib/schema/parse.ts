// What is wrong with a value is told in one form: where, and all that might have been given instead.
import t from 'tap'
import { containerSettings, createOptions } from '../../../dist/schema/container.js'
import { hostOptions } from '../../../dist/schema/host.js'
import { onlyKeys, parse } from '../../../dist/schema/parse.js'
import { installOptions } from '../../../dist/schema/pool.js'

const image = { distribution: 'debian' }
const code = 'ERR_INVALID_ARGUMENT'

t.test('a key that there is not, with those that there are', async (t) => {
  t.throws(() => parse(createOptions, { id: 'web1', image, memory: 1 }, 'create'), {
    code,
    argument: 'create.memory',
    reason: /^no such option; there are memoryLimit, swapLimit, .*\bid\b.*\bimage$/,
  })
  t.throws(() => parse(hostOptions, { statedir: '/x' }, 'open'), {
    code,
    argument: 'open.statedir',
    reason: 'no such option; there are stateDir, cgroupRoot, interfacePrefix, pools',
  })
  t.throws(() => parse(createOptions, { id: 'web1', imgae: image }, 'create'), {
    code,
    argument: 'create.imgae',
  })
})

t.test('also further in', async (t) => {
  const cases: [object, string, RegExp][] = [
    [{ netif: { typ: 'bridge' } }, 'set.netif.typ', /there are type, name, link, hwaddr$/],
    [
      { autostart: { prio: 1 } },
      'set.autostart.prio',
      /there are priority, delay, after, requires$/,
    ],
    [{ prlimits: { nofiles: 1 } }, 'set.prlimits.nofiles', /there are as, core, .*, stack$/],
    [
      { cgparams: [{ version: 2, name: 'memory.high', value: 1, subsystem: 'memory' }] },
      'set.cgparams.0.subsystem',
      /there are version, name, value$/,
    ],
  ]
  for (const [given, argument, reason] of cases) {
    t.throws(() => parse(containerSettings, given, 'set'), { code, argument, reason }, argument)
  }
})

t.test('options that are read one by one say the same', async (t) => {
  t.throws(() => onlyKeys({ tiemout: 1 }, ['timeout', 'signal'], 'wait'), {
    code,
    argument: 'wait.tiemout',
    reason: 'no such option; there are timeout, signal',
  })
  for (const given of [5, 'timeout', null]) {
    t.throws(() => onlyKeys(given as never, ['timeout', 'signal'], 'wait'), {
      code,
      argument: 'wait',
      reason: 'options must be an object of timeout, signal',
    })
  }
})

t.test('all alternatives are named', async (t) => {
  const pool = { name: 'tank', path: '/tank' }
  t.throws(() => parse(installOptions, { ...pool, cloneMode: 'x' }, 'install'), {
    code,
    argument: 'install.cloneMode',
    reason: 'must be "auto", "overlay", "reflink" or "copy", got "x"',
  })
  const cases: [object, string, RegExp][] = [
    [{ cgparams: [{ name: 'a.b', value: 1 }] }, 'set.cgparams.0.version', /^must be 1 or 2$/],
    [{ cgparams: [{ version: 3, name: 'a.b', value: 1 }] }, 'set.cgparams.0.version', /, got 3$/],
    [
      { cgparams: [{ version: 2, name: 'a.b', value: true }] },
      'set.cgparams.0.value',
      /^must be a string, a number or an array$/,
    ],
    [
      { cgparams: [{ version: 2, name: 'a.b', value: [true] }] },
      'set.cgparams.0.value.0',
      /^must be a string or a number$/,
    ],
    [
      { netif: { type: 'routed', link: 'x' } },
      'set.netif.type',
      /^must be "bridge", got "routed"$/,
    ],
    [{ prlimits: { nofile: 'x' } }, 'set.prlimits.nofile', /"unlimited" or \{ soft, hard \}/],
    [{ prlimits: { nofile: { soft: 1 } } }, 'set.prlimits.nofile.hard', /whole number or/],
    [{ autostart: { priority: 'x' } }, 'set.autostart.priority', /must be a number/],
    [{ autostart: 'x' }, 'set.autostart', /boolean or \{ priority, after, requires \}/],
  ]
  for (const [given, argument, reason] of cases) {
    t.throws(
      () => parse(containerSettings, given, 'set'),
      { code, argument, reason },
      JSON.stringify(given),
    )
  }
})
