// What a process notices is read from its masks, and from what it waits in.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { writeFileSync } from 'node:fs'
import { heeds } from '../../../lib/ns/heeds.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'cc')
const { SIGTERM, SIGUSR1, SIGUSR2, SIGHUP } = constants.signals

const source = `
#include <signal.h>
#include <string.h>
#include <unistd.h>
static void caught(int number) { (void)number; }
int main(int argc, char **argv) {
  sigset_t some;
  sigemptyset(&some);
  sigaddset(&some, SIGUSR1);
  sigprocmask(SIG_BLOCK, &some, 0);
  signal(SIGTERM, caught);
  signal(SIGHUP, SIG_IGN);
  if (write(1, "x", 1) < 0) return 1;
  if (argc > 1 && strcmp(argv[1], "wait") == 0) { int got; sigwait(&some, &got); }
  if (argc > 1 && strcmp(argv[1], "work") == 0) for (;;) continue;
  for (;;) pause();
}`

const program = join(t.testdir(), 'masks')
writeFileSync(`${program}.c`, source)
t.equal(spawnSync('cc', ['-o', program, `${program}.c`]).status, 0)

for (const how of ['pause', 'wait']) {
  await t.test(`a process in ${how}`, async (t) => {
    const child = spawn(program, [how], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => child.kill('SIGKILL'))
    const { pid = 0 } = child
    await once(child.stdout, 'data')
    if (how === 'wait') {
      // It says that it is about to wait, not that it does.
      while ((await heeds(pid, SIGUSR2)) === false) await setTimeout(1)
    } else {
      t.equal(await heeds(pid, SIGUSR2), false, 'neither')
      t.equal(await heeds(pid, SIGHUP), false, 'ignored')
    }
    t.equal(await heeds(pid, SIGTERM), true, 'caught')
    // It says that it is about to sleep, not that it does.
    while ((await heeds(pid, SIGUSR1)) === false) await setTimeout(1)
    t.equal(await heeds(pid, SIGUSR1), true, 'blocked, or waited for')
    child.kill('SIGKILL')
    await once(child, 'exit')
    t.equal(await heeds(pid, SIGTERM), null, 'gone')
  })
}

await t.test('one that works while it blocks a signal, as fork() does', async (t) => {
  const child = spawn(program, ['work'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const { pid = 0 } = child
  await once(child.stdout, 'data')
  t.equal(await heeds(pid, SIGUSR1), false, 'blocked, perhaps not for long')
  t.equal(await heeds(pid, SIGTERM), true, 'caught')
})
