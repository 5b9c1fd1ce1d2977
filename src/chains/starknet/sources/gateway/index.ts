export { defaultGatewayBodyLimits, defaultGatewayTimeouts, type GatewayTimeouts } from './gateway-client.ts';
export { createGatewaySource, defaultGatewayLimits, type GatewaySourceOptions } from './gateway-source.ts';
export { fetchPublicKey, type PublicKeyOptions } from './public-key.ts';
