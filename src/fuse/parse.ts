import type { Axis, Loop, Tensor } from '../loops/index.ts';
import { LoopParser } from '../loops/parse.ts';
import type { Group, Partial, Stage } from '../schedule/group.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { parseSchedule } from '../schedule/text.ts';

/**
 * Groups from their text (see `printGroups`). Throws LoopTextError, with line and column, for text that is not in the
 * language, a name that is not declared, or operands of wrong types.
 */
export function parseGroups(text: string): Group[] {
  const parser = new GroupParser(text);
  const groups = parser.groups();
  if (!parser.atEnd()) parser.fail('expected tensor, axis, param or group');
  return groups;
}

/** Stages from their text (see `printStages`). Throws LoopTextError as `parseGroups` does. */
export function parseStages(text: string): Stage[] {
  const parser = new GroupParser(text);
  parser.declarations();
  const stages: Stage[] = [];
  while (parser.acceptWord('dispatch')) {
    parser.endLine();
    stages.push({ groups: parser.groups() });
  }
  if (!parser.atEnd()) parser.fail('expected tensor, axis, param or dispatch');
  return stages;
}

/** Reads groups of loops, under the declarations that they share. */
class GroupParser extends LoopParser {
  declarations(): void {
    do this.skipLines();
    while (this.declaration());
  }

  /** The groups that stand here, and the declarations between them. */
  groups(): Group[] {
    const groups: Group[] = [];
    for (this.declarations(); this.acceptWord('group'); this.declarations()) groups.push(this.#group());
    return groups;
  }

  #group(): Group {
    this.endLine();
    this.skipLines();
    const locals = this.#locals();
    this.skipLines();
    const schedule = this.#schedule();
    const prologue: Loop[] = [];
    for (this.skipLines(); this.acceptWord('prologue'); this.skipLines()) {
      const token = this.peek();
      const { loop, rows, partials } = this.#noted();
      if (rows.length > 0 || partials.length > 0)
        this.fail('a prologue has no rows and no partial results', token);
      prologue.push(loop);
    }
    const loops: Loop[] = [];
    const rows: (readonly Axis[])[] = [];
    const partials: Partial[] = [];
    while (this.atWord('loop') || loops.length === 0) {
      const token = this.peek();
      const noted = this.#noted();
      if (loops.length > 0 && noted.partials.length > 0)
        this.fail('partial results stand in the first loop of a group', token);
      loops.push(noted.loop);
      rows.push(noted.rows);
      partials.push(...noted.partials);
    }
    const group = { loops, rows, locals, prologue, partials };
    return schedule === undefined ? group : { ...group, schedule };
  }

  /** The schedule that the group keeps, if a line says so. */
  #schedule(): Schedule | undefined {
    if (!this.acceptWord('schedule')) return undefined;
    const schedule = parseSchedule(this);
    this.endLine();
    return schedule;
  }

  /** The tensors that stay inside the group, if a line names them. */
  #locals(): Tensor[] {
    if (!this.acceptWord('locals')) return [];
    this.expect('(');
    const locals = this.list(')', () => this.named(this.tensors, 'tensor'));
    this.endLine();
    return locals;
  }

  #noted(): ReturnType<LoopParser['loop']> {
    if (!this.atWord('loop')) this.fail('expected a loop');
    return this.loop();
  }
}
