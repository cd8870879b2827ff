import { writeFileSync } from 'node:fs';
import { operationsPage } from './page.ts';

writeFileSync(new URL('../../OPERATIONS.md', import.meta.url), operationsPage());
