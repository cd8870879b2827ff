import type { Operators } from './operator.ts';

/** Graphs within graphs. */
export const control = {
  If: {
    since: 1,
    unfolded: true,
    import: (ctx) => {
      const known = ctx.known(0);
      const [holds] = known === undefined ? [] : Array.from(known.elements);
      if (typeof holds !== 'number')
        return ctx.refuse('its condition depends on values that only a step knows');
      const branch = ctx.attribute(holds === 0 ? 'else_branch' : 'then_branch', 'graph');
      return branch === undefined ? ctx.fail('a branch is missing') : ctx.around.within(branch.value);
    },
  },
} satisfies Operators;
