/** Writes a name of a store many times, all bytes of a write alike, and says so in a line each: FOLDER NAME BYTES TIMES. */
import { fileStore } from '../../src/node/fileStore.ts';

const [, , folder = '', name = '', bytes = '1', times = '1'] = process.argv;
const store = fileStore(folder);
for (let k = 1; k <= Number(times); k++) {
  try {
    await store.write(name, new Uint8Array(Number(bytes)).fill(k));
    console.log(`wrote ${k}`);
  } catch (error) {
    console.log(String(error));
  }
}
