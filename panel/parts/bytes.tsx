const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

interface BytesProps {
  /** null shows a dash. */
  readonly count: number | null;
}

/** A size in powers of 1000, as disks and stores are sold. */
export function Bytes({ count }: BytesProps) {
  return <>{count === null ? '–' : bytesWords(count)}</>;
}

export function bytesWords(count: number): string {
  let [value, index] = [count, 0];
  for (; value >= 1000 && index < units.length - 1; index++) value /= 1000;
  return `${index === 0 ? value : Number(value.toPrecision(3))} ${units[index]}`;
}
