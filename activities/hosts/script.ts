/** `'` becomes `'\''`; what no shell can carry on one line is refused. */
export function quote(value: string): string {
  if (/[\0\n\r]/.test(value)) throw new Error(`cannot be quoted for a shell: ${JSON.stringify(value.slice(0, 40))}`);
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * A bash script in which every inserted value is one quoted word; a list becomes several words; `raw(…)` goes in as it is.
 * Backslashes are the shell's, but for the two that TypeScript needs: `\${` and a backslash before a backtick.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShellValue[]): string {
  return strings.raw
    .map((part, index) => part.replaceAll(/\\(?=\$\{|`)/g, '') + (index < values.length ? word(values[index]) : ''))
    .join('');
}

/** A piece of script that is inserted unquoted. */
export function raw(script: string): { readonly script: string } {
  return { script };
}

type ShellValue = string | number | readonly string[] | { readonly script: string };

function word(value: ShellValue | undefined): string {
  if (value === undefined) throw new Error('a value of the script is undefined');
  if (typeof value === 'object' && 'script' in value) return value.script;
  return typeof value === 'object' ? value.map(quote).join(' ') : quote(String(value));
}
