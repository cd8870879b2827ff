import type { ComponentChildren } from 'preact';
import type { LookNode } from '../../src/inspect/look.ts';
import { roleNames } from './colours.ts';
import { bytesText, countText, flopsText, microsText, percentText } from './figures.ts';
import { spanAt } from './lit.ts';
import { Accesses, Dispatches, DispatchMark, Nodes, type OfEntry, Pick } from './picks.tsx';
import { placesOf } from './places.ts';
import type { PanelProps, Picked, Selection } from './selection.ts';

/** All that is known of what is picked, with ways to what it touches. */
export function Detail({ look, selection }: PanelProps) {
  const picked = selection.picked.value;
  const places = placesOf(look, selection.entry.value);
  return (
    <section class="detail card" aria-label="What is picked" aria-live="polite">
      {picked === undefined ? (
        <p class="soft">
          Pick a line of your source, a node, a line of a kernel: the others follow. With <kbd>Shift</kbd> a
          second one, and why the two are not one.
        </p>
      ) : (
        <>
          <p class="actions">
            <button
              type="button"
              class="button"
              aria-pressed={selection.isComparing.value}
              onClick={() => {
                selection.isComparing.value = !selection.isComparing.value;
              }}
            >
              {selection.isComparing.value ? 'Pick the other one…' : 'Compare with…'}
            </button>
            <button
              type="button"
              class="button quiet"
              onClick={() => {
                selection.isComparing.value = false;
                selection.second.value = undefined;
                selection.picked.value = undefined;
              }}
            >
              Clear
            </button>
          </p>
          <Of picked={picked} look={look} places={places} selection={selection} />
        </>
      )}
    </section>
  );
}

function Of({ picked, ...props }: OfEntry & { readonly picked: Picked }) {
  const { look, places } = props;
  switch (picked.kind) {
    case 'node': {
      const node = look.nodes[picked.id];
      return node === undefined || !places.nodes.has(picked.id) ? (
        <p class="soft">
          Node %{picked.id} is not of the entry {props.selection.entry.value}.
        </p>
      ) : (
        <NodeDetail node={node} {...props} />
      );
    }
    case 'line': {
      const nodes = places.nodesOfLine.get(picked.file)?.get(picked.line) ?? [];
      return (
        <>
          <h3>
            {picked.file}:{picked.line}
          </h3>
          <Facts>
            <Fact name="builds">
              <Nodes ids={nodes} {...props} none="nothing of this entry" />
            </Fact>
            <Fact name="computed by">
              <Dispatches
                dispatches={[...props.selection.lit.value.dispatches]}
                {...props}
                none="no dispatch"
              />
            </Fact>
          </Facts>
        </>
      );
    }
    case 'dispatch':
      return <DispatchDetail dispatch={picked.dispatch} {...props} />;
    case 'code': {
      const loop = spanAt(look, picked.kernel, picked.line)?.loop;
      return (
        <>
          <h3>
            {picked.kernel}, line {picked.line}
          </h3>
          <Facts>
            <Fact name="computes">
              {loop === undefined ? 'no one loop: it is of all of them' : <code>{loop}</code>}
            </Fact>
            <Fact name="nodes">
              <Nodes ids={[...props.selection.lit.value.nodes]} {...props} none="none" />
            </Fact>
            <Fact name="run by">
              <Dispatches
                dispatches={places.dispatchesOfKernel.get(picked.kernel) ?? []}
                {...props}
                none="no dispatch"
              />
            </Fact>
          </Facts>
        </>
      );
    }
    case 'buffer':
      return <BufferDetail name={picked.name} {...props} />;
    default:
      return picked satisfies never;
  }
}

function NodeDetail({ node, ...props }: OfEntry & { readonly node: LookNode }) {
  const { places, selection } = props;
  const { source } = node;
  return (
    <>
      <h3>
        <span class={`role role-${node.role}`}>{roleNames[node.role]}</span> {node.label ?? `%${node.id}`}
      </h3>
      <Facts>
        <Fact name="operation">
          <code>
            {node.op}
            {node.attrs === undefined ? '' : ` ${node.attrs}`}
          </code>
        </Fact>
        <Fact name="type">
          <code>
            {node.dtype}
            {node.shape}
          </code>
        </Fact>
        {node.layer.length > 0 && <Fact name="layer">{node.layer.join(' › ')}</Fact>}
        {source !== undefined && (
          <Fact name="source">
            <Pick picked={{ kind: 'line', ...source }} selection={selection}>
              {source.file}:{source.line}
            </Pick>
          </Fact>
        )}
        <Fact name="computed by">
          <Dispatches
            dispatches={places.dispatchesOfNode.get(node.id) ?? []}
            {...props}
            none={node.inputs.length === 0 ? 'nothing: it is given' : 'nothing: readers index what it is of'}
          />
        </Fact>
        {node.inputs.length > 0 && (
          <Fact name="reads">
            <Nodes ids={node.inputs} {...props} none="nothing" />
          </Fact>
        )}
        <Fact name="read by">
          <Nodes ids={places.readersOf.get(node.id) ?? []} {...props} none="nothing: it is a result" />
        </Fact>
        <Tensors names={places.tensorsOfNode.get(node.id) ?? []} selection={selection} />
      </Facts>
    </>
  );
}

function Tensors({ names, selection }: { readonly names: readonly string[]; readonly selection: Selection }) {
  if (names.length === 0) return null;
  return (
    <Fact name="kept in">
      {names.map((name) => (
        <Pick key={name} picked={{ kind: 'buffer', name }} selection={selection}>
          {name}
        </Pick>
      ))}
    </Fact>
  );
}

function DispatchDetail({ dispatch: k, ...props }: OfEntry & { readonly dispatch: number }) {
  const { places, selection } = props;
  const dispatch = places.entry.dispatches[k];
  const report = places.report.dispatches[k];
  if (dispatch === undefined || report === undefined)
    return (
      <p class="soft">
        The entry {selection.entry.value} has no dispatch {k}.
      </p>
    );
  return (
    <>
      <h3>
        <DispatchMark dispatch={k} /> {report.name}
        {report.kernel !== report.name && <span class="soft"> runs {report.kernel}</span>}
      </h3>
      <ul class="formulas">
        {dispatch.formulas.map(({ name, text, role }) => (
          <li key={name} class={`formula role-${role}`}>
            <code>{text}</code>
          </li>
        ))}
      </ul>
      <Facts>
        <Fact name="time">
          {microsText(report.predicted.micros)} ({percentText(dispatch.timeShare)} of the step), limited by{' '}
          {report.predicted.limit}; {microsText(dispatch.roofline.micros)} at least, by{' '}
          {dispatch.roofline.limit}
        </Fact>
        <Fact name="work">
          {flopsText(report.flops)} ({percentText(dispatch.flopsShare)}), {bytesText(report.bytes)}
        </Fact>
        <Fact name="runs">
          {countText(report.grid)} {report.workgroup > 1 ? `workgroups of ${report.workgroup}` : 'tasks'}
          {report.live !== undefined && `, ${report.live} of them alive`}
          {report.sharedBytes > 0 && `, ${bytesText(report.sharedBytes)} shared`}
        </Fact>
        <Fact name="reads">
          <Accesses accesses={dispatch.reads} selection={selection} />
        </Fact>
        <Fact name="writes">
          <Accesses accesses={dispatch.writes} selection={selection} />
        </Fact>
        {dispatch.again.length > 0 && (
          <Fact name="made again">
            <Nodes ids={dispatch.again} {...props} none="nothing" />
          </Fact>
        )}
      </Facts>
    </>
  );
}

function BufferDetail({ name, ...props }: OfEntry & { readonly name: string }) {
  const { look, places } = props;
  const accesses = places.entry.dispatches.flatMap(({ reads, writes }) => [...reads, ...writes]);
  const access = accesses.find(({ tensor }) => tensor === name);
  const stored =
    places.report.temporaries.find((one) => one.name === name) ??
    look.report.states.find((one) => one.name === name);
  const writers = places.entry.dispatches.flatMap(({ writes }, k) =>
    writes.some(({ tensor, role }) => tensor === name || (role === 'next' && tensor === `${name}'`))
      ? [k]
      : [],
  );
  const readers = places.entry.dispatches.flatMap(({ reads }, k) =>
    reads.some(({ tensor }) => tensor === name) ? [k] : [],
  );
  return (
    <>
      <h3>{name}</h3>
      <Facts>
        {access !== undefined && (
          <Fact name="type">
            <code>{access.type}</code>
          </Fact>
        )}
        {stored !== undefined && (
          <Fact name="lies">
            {bytesText(stored.bytes)} in {stored.arena}, from byte {countText(stored.offset)} on
          </Fact>
        )}
        <Fact name="written by">
          <Dispatches dispatches={writers} {...props} none="none of this entry" />
        </Fact>
        <Fact name="read by">
          <Dispatches dispatches={readers} {...props} none="none of this entry" />
        </Fact>
        <Fact name="holds">
          <Nodes ids={places.nodesOfTensor.get(name) ?? []} {...props} none="no node of this entry" />
        </Fact>
      </Facts>
    </>
  );
}

function Facts({ children }: { readonly children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
