export { renderVerifyReport } from './render-report.ts';
export { createVerifyView, type VerifyView } from './verify-view.ts';
