// The moment's process of userns.cc.
#pragma once

namespace ns {

// Entry point for clone(2) with CLONE_VM: never returns, ends by SIGKILL or with its parent.
int child_userns(void* parent_pid);

}  // namespace ns
