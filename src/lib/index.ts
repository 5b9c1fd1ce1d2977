export * from './brand.ts';
export * from './bytes.ts';
export * from './channel.ts';
export * from './env.ts';
export * from './error.ts';
export * from './log.ts';
export * from './scope.ts';
