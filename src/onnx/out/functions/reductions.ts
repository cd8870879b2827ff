import { castTo } from '../exporter.ts';
import { type OwnFunction, ownFunction } from '../writer.ts';

/** An extremum along axes that is a NaN if any element is: runtimes' own depends on where that stands. */
function extremum(op: 'ReduceMax' | 'ReduceMin'): OwnFunction {
  return ownFunction(`${op}OrNaN`, ['x', 'axes'], (w, x, axes) => {
    const nans = castTo(w, w.node('IsNaN', [x]), 'int32');
    const isNan = castTo(w, w.node('ReduceSum', [nans, axes], { keepdims: 0 }), 'bool');
    const value = w.node(op, [x, axes], { keepdims: 0 });
    return w.node('Where', [isNan, w.constant('float32', Number.NaN), value]);
  });
}

/** The place of the first extremum along an axis, of a NaN if there is any: it counts as more extreme than any number. */
function place(op: 'ArgMax' | 'ArgMin'): OwnFunction {
  const along = { axis: { attribute: 'axis' }, keepdims: 0 };
  const build: OwnFunction['build'] = (w, x) => {
    const isNan = w.node('IsNaN', [x]);
    const other = w.constant('float32', op === 'ArgMax' ? -Infinity : Infinity);
    const ofNumbers = w.node(op, [w.node('Where', [isNan, other, x])], along);
    const nans = castTo(w, isNan, 'int32');
    const ofNans = w.node('ArgMax', [nans], along);
    // That there is one shows at the place found.
    const axis = w.node('Constant', [], { value_int: { attribute: 'axis' } });
    const axes = w.node('Reshape', [axis, w.constant('int64', [1], [1])]);
    const hasNan = castTo(w, w.node('ReduceSum', [nans, axes], { keepdims: 0 }), 'bool');
    return w.node('Where', [hasNan, ofNans, ofNumbers]);
  };
  return ownFunction(`${op}OrNaN`, ['x'], build, ['axis']);
}

/** The largest element along axes. */
export const reduceMax = extremum('ReduceMax');

/** The smallest element along axes. */
export const reduceMin = extremum('ReduceMin');

/** The place of the first largest element along an axis. */
export const argMax = place('ArgMax');

/** The place of the first smallest element along an axis. */
export const argMin = place('ArgMin');
