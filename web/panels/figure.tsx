/** A figure of a list of them: its name, its value, and what stands beside it in small print. */
export function Figure(props: {
  readonly name: string;
  readonly value: string;
  /** What it counts, for who points at it. */
  readonly hint?: string;
  readonly aside?: string | undefined;
}) {
  const { name, value, hint, aside } = props;
  return (
    <div class={`figure ${aside === undefined ? '' : 'long'}`} title={hint}>
      <dt>{name}</dt>
      <dd>
        {value}
        {aside !== undefined && <small>{aside}</small>}
      </dd>
    </div>
  );
}
