import type { Move } from '../../src/fuse/decisions.ts';

/** What each pass does, in a sentence; and what is no pass, but takes time too. */
export const passWords: Readonly<Record<string, string>> = {
  declareStorage: 'States, inputs and constants get storage.',
  lower: 'Every operation that computes becomes a loop; movements become indices of their readers.',
  alignAxes: 'Axes are split or merged where a reader sees them so: a reshape is no wall any more.',
  fusePointwise: 'Pointwise loops go into their readers, or become outputs of what makes their operand.',
  splitResidues: 'Reductions of which only every s-th term counts lose the others.',
  listTerms: 'Reductions that pick terms by a key walk lists of them, where that is sooner.',
  fillMachine: 'Long reductions with few outputs are cut into parts that fill the machine.',
  partition: 'Loops are joined into groups, each a kernel, as long as the step gains time.',
  splitReductions:
    'What reduces to one element is reduced by the workgroups of its producer, and of its readers.',
  rematerialize: 'What is kept long, through the peak of memory, is made again by a later loop.',
  assignStages: 'Each group gets its dispatch; those that do not read each other share one.',
  fitStages: 'Dispatches that need more workgroup memory than there is are taken apart.',
  planBuffers:
    'Every tensor gets a place in an arena; temporaries share bytes where their lives do not meet.',
  schedule: 'Each group gets tiles, workgroups and loops: it becomes a kernel.',
  orderEvaluation: 'What is evaluated when: shared values get names, barriers are weakened.',
  print: 'Kernels are printed, and put together with the plan as a program.',
  assemble: 'The text of the module becomes bytes.',
};

/** What a move of fusion does; undefined for one that is not known here. */
export function wordsOfMove(move: string): string | undefined {
  return new Map<string, string>(Object.entries(moveWords)).get(move);
}

const moveWords: Readonly<Record<Move, string>> = {
  align: 'axes are seen as a reader sees them',
  inline: 'computed where it is read',
  epilogue: 'one more output of the loop that makes its operand',
  sibling: 'two reductions over the same elements as one loop',
  residues: 'terms that never count are left out',
  list: 'terms are found by lists',
  rows: 'phases of one kernel that pass rows on',
  partial: 'reduced in parts by what makes it',
  prologue: 'every workgroup computes it for itself, first',
  pack: 'two kernels share a dispatch',
  'in place': 'a state is written over its old value',
  again: 'computed again, rather than stored',
};
