export * from './late-needs.ts';
export * from './verify-host.ts';
