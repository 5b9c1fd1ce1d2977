export type { ShelvedBlock } from './block-shelf.ts';
export type { InjectedFault } from './fault-plan.ts';
export { type Fault, faultHelp, type NamedFault, parseFault } from './faults.ts';
export { defaultStarknetDevnetOptions, type StarknetDevnetOptions } from './options.ts';
export type { DevnetBlock } from './seal-block.ts';
export { type ServeStarknetDevnetOptions, type StarknetDevnetServer, serveStarknetDevnet } from './serve.ts';
export { createStarknetDevnet, type StarknetDevnet } from './starknet-devnet.ts';
export { writeFolder } from './write-folder.ts';
