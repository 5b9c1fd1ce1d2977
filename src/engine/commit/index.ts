export * from './apply-host.ts';
export * from './records.ts';
