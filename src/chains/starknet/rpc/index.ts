export { createStarknetRpc } from './services.ts';
