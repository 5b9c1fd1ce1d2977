export { type FolderGateway, type ServeFolderOptions, serveFolder } from './folder-gateway.ts';
export * from './ledger/index.ts';
export {
  createStarknetDevnet,
  type StarknetDevnet,
  type StarknetDevnetOptions,
  serveStarknetDevnet,
} from './starknet/index.ts';
