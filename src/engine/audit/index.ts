export { type AuditAnswer, type AuditHost, createAuditHost } from './audit-host.ts';
export type { AuditedBlock, AuditedContent, AuditVerdict, ChainAudit, StoredBlock } from './chain-audit.ts';
export type { AuditContext } from './context.ts';
export { type Course as AuditCourse, parseCourse as parseAuditCourse } from './course.ts';
export type { AuditDifference } from './difference.ts';
export { type AuditOutcome, type AuditProgress, type AuditRun, runAudit } from './run-audit.ts';
export type { CheckSummaries, CheckSummary } from './summary.ts';
