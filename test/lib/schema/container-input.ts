import t from 'tap'
import { containerSettings, createOptions } from '../../../dist/schema/container.js'
import { checkLimits } from '../../../dist/schema/limits.js'
import { parse } from '../../../dist/schema/parse.js'

const image = { distribution: 'debian' }

t.test('ids', async (t) => {
  for (const id of ['web1', 'A-b_C', 'x'.repeat(100)]) {
    t.equal(parse(createOptions, { id, image }, 'create').id, id)
  }
  const bad = [
    '',
    'a/b',
    '../x',
    'a.b',
    'a\0b',
    'a\n',
    'x'.repeat(300),
    'čaj',
    '容器',
    ' ',
    'a b',
    7,
  ]
  for (const id of bad) {
    t.throws(() => parse(createOptions, { id, image }, 'create'), {
      code: 'ERR_INVALID_ARGUMENT',
      argument: 'create.id',
    })
  }
})

t.test('an error names the field, however deep it is', async (t) => {
  const cases: [object, string, RegExp][] = [
    [{ memoryLimit: -1 }, 'set.memoryLimit', /negative/],
    [{ memoryLimit: NaN }, 'set.memoryLimit', /number/],
    [{ memoryLimit: 'lots' }, 'set.memoryLimit', /size/],
    [{ cpuLimit: 0 }, 'set.cpuLimit', /at least 1/],
    [{ cpuLimit: '150' }, 'set.cpuLimit', /percent/],
    [{ pidsLimit: 1.5 }, 'set.pidsLimit', /whole/],
    [{ hostname: '-x' }, 'set.hostname', /begin and end/],
    [{ hostname: `${'a'.repeat(64)}.cz` }, 'set.hostname', /1 to 63/],
    [{ dnsResolvers: ['1.1.1.1', 'dns'] }, 'set.dnsResolvers.1', /IP address/],
    [{ initCmd: ['sbin/init'] }, 'set.initCmd', /absolute/],
    [{ initCmd: ['/sbin/init', 'a\nlxc.hook.start=/bin/sh'] }, 'set.initCmd.1', /control/],
    [{ prlimits: { nofiles: 1 } }, 'set.prlimits.nofiles', /no such/],
    [{ prlimits: { nofile: { soft: 2, hard: 1 } } }, 'set.prlimits.nofile.soft', /above hard/],
    [{ netif: { type: 'bridge', link: 'a/b' } }, 'set.netif.link', /1 to 15/],
    [
      { netif: { type: 'bridge', link: 'br0', hwaddr: '01:00:00:00:00:00' } },
      'set.netif.hwaddr',
      /multicast/,
    ],
    [
      { cgparams: [{ version: 2, name: 'cgroup.procs', value: 1 }] },
      'set.cgparams.0.name',
      /may be set/,
    ],
    [{ cgparams: [{ version: 2, name: '../x', value: 1 }] }, 'set.cgparams.0.name', /file/],
    [
      { cgparams: [{ version: 1, name: 'memory.limit_in_bytes', value: 1 }] },
      'set.cgparams.0.name',
      /what memoryLimit is for/,
    ],
    [{ seccompProfile: 'x' }, 'set.seccompProfile', /absolute/],
    [{ memorylimit: 1 }, 'set.memorylimit', /no such/],
  ]
  for (const [given, argument, reason] of cases) {
    t.throws(
      () => parse(containerSettings, given, 'set'),
      { code: 'ERR_INVALID_ARGUMENT', argument, reason },
      JSON.stringify(given),
    )
  }
})

t.test('values are brought to one form', async (t) => {
  const settings = parse(
    containerSettings,
    {
      memoryLimit: '1 GiB',
      prlimits: { nofile: 1024, core: { soft: 0, hard: 'unlimited' } },
      cgparams: [{ version: 2, name: 'memory.high', value: 5 }],
      netif: { type: 'bridge', link: 'lxcbr0' },
    },
    'set',
  )
  t.match(settings, {
    memoryLimit: 2 ** 30,
    prlimits: { nofile: { soft: 1024, hard: 1024 }, core: { soft: 0, hard: 'unlimited' } },
    cgparams: [{ version: 2, subsystem: 'memory', name: 'memory.high', value: ['5'] }],
    netif: { name: 'eth0', link: 'lxcbr0' },
  })
})

t.test('limits beyond the machine', async (t) => {
  const machine = { memory: 2 ** 30, swap: 0, cpus: 2, pidMax: 32768 }
  const fine = { memoryLimit: 2 ** 30, swapLimit: 2 ** 30, cpuLimit: 200, pidsLimit: 32768 }
  t.doesNotThrow(() => checkLimits(fine, machine, 'set'))
  for (const [name, value] of Object.entries(fine)) {
    t.throws(() => checkLimits({ [name]: value + 1 }, machine, 'set'), {
      code: 'ERR_INVALID_ARGUMENT',
      argument: `set.${name}`,
      reason: /beyond this machine/,
    })
  }
})
