// What newer-glibc.js made optional, for systems that do not have it. Preloaded; where the C library
// has these itself, nobody needs this file.
#include <stdlib.h>

// As of C23 they also know "0b", which the fuzzer's arguments never begin with.
long __isoc23_strtol(const char* text, char** end, int base) {
  return strtol(text, end, base);
}

unsigned long __isoc23_strtoul(const char* text, char** end, int base) {
  return strtoul(text, end, base);
}

// std::ios_base_library_init(): the library's streams initialize themselves here.
void _ZSt21ios_base_library_initv(void) {}
