// liblxc, as far as it can be used beside other threads.
export * from './lxc-container.js'
export * from './lxc-error.js'
export * from './lxc-library.js'
