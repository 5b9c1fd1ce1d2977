export { errorAnswer, type HttpAnswer } from './answer.ts';
export { createHealthMemory, type HealthCheck, type HealthSource, healthRoutes } from './health.ts';
export { indexRoute } from './index-page.ts';
export type { HttpQuery, HttpRoute } from './router.ts';
export {
  createHttpServer,
  defaultHttpLimits,
  type HttpLimits,
  type HttpServer,
  type HttpServerOptions,
} from './server.ts';
