// A zpool whose disk goes is suspended, and with `failmode=wait` keeps everybody who writes to it until
// an administrator comes. Containers of other pools go on; what is about it fails, by name.
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'
import type { Answer } from '../suspension.js'
import { VolatileDisk } from '../volatile-disk.js'

const t = requires('root', 'qemu', 'mmdebstrap', 'nbdkit')
t.setTimeout(0)
const lab = await Lab.open({ zfs: true })
t.teardown(() => lab[Symbol.asyncDispose]())

const script = `
  mount --make-rshared /
  losetup --direct-io=on /dev/loop0 "$(/usr/lib/lab/find-disk data)"
  truncate -s 1G /tmp/stays
  zpool create -o failmode=wait -m /gone gone /dev/loop0
  zpool create -m /stays stays /tmp/stays
  images/busybox/build.sh /tmp/busybox.tar
  exec node test/vm/programs/suspended.js /tmp/busybox.tar
`

await using disk = new VolatileDisk()
await using machine = await lab.machine({ data: await disk.drive() })
const answers = new Map<string, Answer>()
let rest = ''
const ended = new Promise<void>((resolve, reject) => {
  machine
    .run(['sh', '-ec', script], {
      cwd: projectInGuest,
      env: lab.env,
      limitMs: 60_000 * lab.accelerator.timeFactor,
      onOutput: (data, stream) => {
        if (stream === 'stderr') return void process.stderr.write(data)
        const lines = (rest + data.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const answer = JSON.parse(line) as Answer
          answers.set(answer.step, answer)
          if (answer.step === 'ready') void disk.cut()
          if (answer.step === 'done') resolve()
        }
      },
    })
    .then(({ stderr }) => reject(new Error(`it ended by itself: ${stderr}`)), reject)
})
await ended

t.match(answers.get('under way'), { message: /create.*set/ }, 'the disk went in the middle of them')
const suspended = [
  'snapshot',
  'create',
  'user',
  'set',
  'restart',
  'rename',
  'delete',
  'start',
  'pull',
  'kill',
  'stop',
]
for (const step of suspended) {
  const answer = answers.get(`gone: ${step}`)
  t.match(answer, { outcome: 'ERR_POOL_SUSPENDED', message: /zpool 'gone'/ }, `${step} on it`)
}
for (const step of ['its trash', 'its datasets', 'its snapshots', 'open both']) {
  const named = { outcome: 'ERR_POOL_SUSPENDED', message: /zpool 'gone'/ }
  t.match(answers.get(step), named, `${step}: says which pool`)
}
t.match(answers.get('its dataset'), { outcome: 'EAGAIN', message: /'gone/ }, "by ZFS's own word")
const others = [
  'exec',
  'set',
  'restart',
  'create',
  'start',
  'snapshot',
  'copy',
  'stop',
  'delete',
  'exec then',
]
for (const step of [...others, 'close', 'open the other', 'exec at last', 'close again']) {
  t.match(answers.get(step), { outcome: 'ok' }, step)
}
const audit = answers.get('audit')
t.match(audit, { outcome: 'ok', message: /^gone: .*zpool 'gone' is suspended/ }, 'audit: which one')
t.match(audit, { message: /; dataset stays\/ct\/nobody$/ }, 'audit: what is left on the other')
t.match(answers.get('stop what is on it'), { message: /TimeoutError/ }, 'who stops it can give up')
