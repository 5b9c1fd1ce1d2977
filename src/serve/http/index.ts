export { errorAnswer, type HttpAnswer } from './answer.ts';
export type { AllowedOrigins } from './cors.ts';
export { type HttpEndpoint, type HttpExchange, type HttpHandshake, sendAnswer } from './endpoint.ts';
export { createHealthMemory, type HealthCheck, type HealthSource, healthRoutes } from './health.ts';
export { indexRoute } from './index-page.ts';
export { createQuota, type Quota } from './quota.ts';
export { endWithAnswer } from './raw-answer.ts';
export { type ReadBody, readBody } from './read-body.ts';
export type { HttpQuery, HttpRoute, ListedPath } from './router.ts';
export {
  createHttpServer,
  defaultHttpLimits,
  type HttpLimits,
  type HttpServer,
  type HttpServerOptions,
} from './server.ts';
