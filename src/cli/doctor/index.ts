export type { DoctorCheck, DoctorReport } from './check.ts';
export { renderDoctorReport } from './render-report.ts';
export { exitCodeOfReport, runDoctor } from './run-doctor.ts';
