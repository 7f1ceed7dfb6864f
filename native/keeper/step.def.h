// The steps of the keeper and of its children by name, in the order of their operations, so that a
// test can end a process, or have the step fail, after any of them.
//
// KEEPER_STEP(symbol, name, who, can it fail, what has just been done)
//
// `who` comes by it: the keeper, a monitor, init before it is one (`init`), who enters for a
// program
// (`session`), who becomes the program (`program`), who edits files (`edit`).

KEEPER_STEP(BOOT_DIRECTORIES, "boot.directories", keeper, true, "the state directory is prepared")
KEEPER_STEP(BOOT_LOCKED, "boot.locked", keeper, true, "it is the only keeper")
KEEPER_STEP(BOOT_CGROUP, "boot.cgroup", keeper, true, "it is in a cgroup of its own")
KEEPER_STEP(BOOT_NAMESPACE, "boot.namespace", keeper, true, "it has its mount namespace")
KEEPER_STEP(BOOT_SOCKET, "boot.socket", keeper, true, "its socket is there")

KEEPER_STEP(RENEW_CHECKED, "renew.checked", keeper, true,
            "the next program understands what it gets")
KEEPER_STEP(RENEW_WRITTEN, "renew.written", keeper, true, "all of it is written down")
KEEPER_STEP(RENEW_BEGUN, "renew.begun", keeper, false, "the next program has begun")
KEEPER_STEP(RENEW_TAKEN, "renew.taken", keeper, false, "it has all of it")

KEEPER_STEP(START_FIFO, "start.fifo", keeper, true, "liblxc can tell it of states")
KEEPER_STEP(START_NOTIFY, "start.notify", keeper, true, "the guest's init has where to say READY")
KEEPER_STEP(START_USERNS, "start.userns", keeper, true, "a user namespace with its ids is there")
KEEPER_STEP(START_SAVED, "start.saved", keeper, true, "the plan is written down")
KEEPER_STEP(START_CHILD, "start.child", keeper, true, "a child has the job")
KEEPER_STEP(START_CGROUPS, "start.cgroups", keeper, true, "its cgroups are there, on v1")
KEEPER_STEP(START_TOLD, "start.told", keeper, true, "the child knows of them")
KEEPER_STEP(MONITOR_ROOTFS, "monitor.rootfs", monitor, true, "the rootfs is mounted")
KEEPER_STEP(MONITOR_CLOSED, "monitor.closed", monitor, true, "what is the keeper's is closed")
KEEPER_STEP(MONITOR_CONFIG, "monitor.config", monitor, true, "liblxc has read the configuration")
KEEPER_STEP(MONITOR_CGROUPS, "monitor.cgroups", monitor, true, "it knows which cgroups are there")
KEEPER_STEP(MONITOR_SIGNALS, "monitor.signals", monitor, true, "liblxc has begun the start")
KEEPER_STEP(MONITOR_CLONED, "monitor.cloned", monitor, false, "init is cloned")
KEEPER_STEP(INIT_NETWORK, "init.network", init, true, "init has its network namespace")
KEEPER_STEP(INIT_FILTER, "init.filter", init, true, "init has its seccomp filter")
KEEPER_STEP(MONITOR_RUNNING, "monitor.running", monitor, false, "liblxc waits for init's end")

KEEPER_STEP(RUNNING_FOUND, "running.found", keeper, false, "init is found")
KEEPER_STEP(RUNNING_FILTER, "running.filter", keeper, false, "its seccomp filter has its name")
KEEPER_STEP(RUNNING_SAVED, "running.saved", keeper, false, "init is written down")
KEEPER_STEP(RUNNING_TOLD, "running.told", keeper, false, "whoever listens has the event")
KEEPER_STEP(RUNNING_ANSWERED, "running.answered", keeper, false, "who asked has the answer")
KEEPER_STEP(RUNNING_UNMOUNTED, "running.unmounted", keeper, false, "the rootfs is init's alone")

KEEPER_STEP(END_REAPED, "end.reaped", keeper, false, "the monitor has ended")
KEEPER_STEP(END_UNMOUNTED, "end.unmounted", keeper, false, "nothing of it is mounted")
KEEPER_STEP(END_CGROUPS, "end.cgroups", keeper, false, "its cgroups are gone")
KEEPER_STEP(END_KEPT, "end.kept", keeper, false, "how it ended is written down")
KEEPER_STEP(END_FORGOTTEN, "end.forgotten", keeper, false, "the plan is gone")
KEEPER_STEP(MONITOR_REBOOT, "monitor.reboot", monitor, false, "a rebooting guest has ended")

KEEPER_STEP(EXEC_PIPES, "exec.pipes", keeper, true, "a program has its streams")
KEEPER_STEP(EXEC_CHILD, "exec.child", keeper, true, "a child has the job")
KEEPER_STEP(SESSION_CONFINEMENT, "session.confinement", session, true, "it knows how init is held")
KEEPER_STEP(SESSION_CGROUPS, "session.cgroups", session, true, "it is in the container's cgroups")
KEEPER_STEP(SESSION_LEAF, "session.leaf", session, true, "the program has a cgroup, on v2")
KEEPER_STEP(SESSION_ENTERED, "session.entered", session, true, "it is in init's namespaces")
KEEPER_STEP(PROGRAM_ROOT, "program.root", program, true, "it is the container's root")
KEEPER_STEP(PROGRAM_TOLD, "program.told", program, true, "the keeper knows its pid")
KEEPER_STEP(PROGRAM_STREAMS, "program.streams", program, true, "it has its streams")
KEEPER_STEP(PROGRAM_CONFINED, "program.confined", program, true, "it is held as init is")
KEEPER_STEP(SESSION_CLONED, "session.cloned", session, false, "the program runs")
KEEPER_STEP(EXEC_BEGUN, "exec.begun", keeper, false, "the keeper knows that it runs")
KEEPER_STEP(EXEC_REAPED, "exec.reaped", keeper, false, "it has ended")
KEEPER_STEP(EXEC_REMOVED, "exec.removed", keeper, false, "nothing is left of it")

KEEPER_STEP(EDIT_FORKED, "edit.forked", keeper, false, "a child has the job")
KEEPER_STEP(EDIT_ENTERED, "edit.entered", edit, true, "it is the container's root in its rootfs")
KEEPER_STEP(EDIT_WRITTEN, "edit.written", edit, true, "one of the edits is done")
KEEPER_STEP(EDIT_OPENED, "edit.opened", edit, true, "a file is open")
KEEPER_STEP(EDIT_BEGUN, "edit.begun", edit, true, "a file that replaces another one is there")
KEEPER_STEP(EDIT_ORDERED, "edit.ordered", edit, false, "its content is there")
KEEPER_STEP(EDIT_REPLACED, "edit.replaced", edit, false, "it has its name")
KEEPER_STEP(EDIT_REAPED, "edit.reaped", keeper, false, "the child has ended")

KEEPER_STEP(CONSOLE_ASKED, "console.asked", keeper, true, "the monitor has given a terminal")
KEEPER_STEP(CONSOLE_KEPT, "console.kept", keeper, false, "it is there")
