export { defaultGatewayBodyLimits, defaultGatewayTimeouts, type GatewayTimeouts } from './gateway-client.ts';
export { createGatewaySource, defaultGatewayLimits, type GatewaySourceOptions } from './gateway-source.ts';
