import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * A sequencer that begins with some files: where a long one comes last, the other cores wait for it.
 *
 * @param names of files without `test/` and `.test.ts`, the longest first
 */
export function longestFirst(names: readonly string[]): typeof BaseSequencer {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const place = ({ moduleId }: TestSpecification): number => {
        const at = names.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
        return at < 0 ? names.length : at;
      };
      return (await super.sort(files)).sort((a, b) => place(a) - place(b));
    }
  };
}
