/** What a compiled program tells of itself, loaded with the compiler: programs that are read from JSON have none of it. */
export { explain } from './explain.ts';
export { reportOf } from './report.ts';
export { summaryText } from './reportText.ts';
