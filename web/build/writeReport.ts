import { writeFileSync } from 'node:fs';
import { buildReport } from './report.ts';

/* Writes the page of reports, which the package ships: `npx tsx web/build/writeReport.ts dist/report.html`. */
const [out] = process.argv.slice(2);
if (out === undefined) throw new Error('usage: web/build/writeReport.ts OUT');
writeFileSync(out, await buildReport());
