/**
 * A function of an object that keeps what it found for as long as the object lives. Loops, groups and machines are immutable,
 * and passes and schedules ask the same of them again and again.
 */
export function memoized<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    let found = known.get(key);
    if (found === undefined) {
      found = { value: compute(key) };
      known.set(key, found);
    }
    return found.value;
  };
}
