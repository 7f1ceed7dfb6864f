// The child through which the content of one file goes, over a pipe, for as long as the client
// takes. A guest decides what a filesystem of its own does with a read or a write, and when: so
// each of them is made with the guest's rights, and by nobody who has anything else to do.
#pragma once

#include "keeper/edit_entry.h"

namespace keeper {

// OPEN and REPLACE. The answer brings two descriptors: the client's end of the pipe, and a socket.
//
// OPEN: an answer comes over the socket when all is in the pipe, or why it is not.
// REPLACE: when all has been taken from the pipe, "c" over the socket is the order to commit. When
// that ends without a word, as it does with the client, nothing has happened. Either is answered.
// So a push needs no keeper any more once it has begun.
[[noreturn]] void run_file(const EditInput& input);

}  // namespace keeper
