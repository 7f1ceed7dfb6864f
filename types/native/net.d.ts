// native/net/binding.cc: network interfaces of the host.

export interface Net {
  /**
   * With its other end, wherever that is. On libuv's pool: milliseconds, as the kernel waits for who looks at it.
   * `ENODEV` when there is none of that name, `EMEDIUMTYPE` when it is no veth.
   */
  deleteVeth(name: string): Promise<void>
}
