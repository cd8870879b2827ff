import { writeFileSync } from 'node:fs';
import { loadModel } from '../../src/cli/loadModel.ts';
import { compileFor } from '../../src/compiled.ts';
import { lookOf } from '../../src/inspect/lookOf.ts';
import { type TargetName, targetNames } from '../../src/machine/index.ts';

/*
 * Writes a look as JSON, for whoever builds a panel: the page's data without the page.
 *
 *   npx tsx web/build/sample.ts MODEL OUT [TARGET]
 */
const [model, out, target = 'webgpu'] = process.argv.slice(2);
if (model === undefined || out === undefined || !isTarget(target))
  throw new Error(`usage: web/build/sample.ts MODEL OUT [${targetNames.join(' | ')}]`);
const look = lookOf(await compileFor(await loadModel(model, { loadTimeout: 60 }), target));
const text = JSON.stringify(look);
writeFileSync(out, text);
console.log(`${out}: ${text.length} characters`);

function isTarget(name: string): name is TargetName {
  return targetNames.some((one) => one === name);
}
