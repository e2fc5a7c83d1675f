import { quote } from './script.ts';

/** The line on standard output before which nothing is the script's: login shells print what they like. */
export const READY_MARK = '\u0001tidemark uid=';

/** How a script begins. LC_ALL: messages are read in English. `cd /`: other users cannot enter root's or the login's home. */
export const SCRIPT_HEAD = `
set -euo pipefail
export LC_ALL=C.UTF-8 PATH="\${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
cd /
`;

/**
 * Bash functions over /proc, because procps is not everywhere. Sessions, not process groups: `timeout` makes a group of its own.
 * The fields are counted behind the last ")", for a command's name may hold blanks and brackets (proc_pid_stat(5)).
 * `end_session` tells every member once, also one that a shell was just forking: the shell would wait for it until it is killed
 * and could not clean up. So what cleans up at its end has to make itself and its children deaf to SIGTERM first.
 */
export const PROCESS_FUNCTIONS = `
stat_fields() {
  local line=
  { IFS= read -r -d '' line <"/proc/$1/stat"; } 2>/dev/null || :
  fields=(\${line##*) })
}
process_start() { local fields; stat_fields "$1"; printf '%s' "\${fields[19]:-}"; }
is_running() {
  local fields; stat_fields "$1"
  [[ \${fields[19]:-} == "$2" && \${fields[0]} != [ZX] ]]
}
session_members() {
  local entry fields
  for entry in /proc/[0-9]*; do
    stat_fields "\${entry#/proc/}"
    if [[ \${fields[3]:-} == "$1" && \${fields[0]} != [ZX] ]]; then printf '%s ' "\${entry#/proc/}"; fi
  done
}
end_session() {
  local members member tries told=" $1 "
  kill -TERM "$1" 2>/dev/null || :
  for ((tries = 0; tries < $2; tries++)); do
    members=$(session_members "$1")
    [[ $members ]] || return 0
    for member in $members; do
      [[ $told == *" $member "* ]] || kill -TERM "$member" 2>/dev/null || :
      told+="$member "
    done
    sleep 0.1
  done
  kill -KILL $members 2>/dev/null || :
}
`;

/** Everything else comes on standard input, so that the process list shows this and nothing more. */
export function loginCommand(isRoot: boolean): string {
  return `${isRoot ? '' : 'sudo -n -- '}bash -c ${quote('IFS= read -r -d "" boot && eval "$boot"')}`;
}

/**
 * Waits for `$child` and exits as it did. Meanwhile a watchdog reads descriptor 3, `onLine` for each `$line`; when that ends or is silent for
 * `silenceMs` it ends the child's session. Its own end is told by the end of its output, descriptor 5. At the end of the child it is told to
 * end until it has: bash 5.2 looks at a SIGTERM only before `read -t` waits and when the wait is interrupted, not at one in between. The boot
 * leaves posix mode, which knows no process substitution before 5.1.
 */
function watched(silenceMs: number, { onLine = ':', atEnd = ':' } = {}): string {
  const end = `end_session "$child" 50; ${atEnd}`;
  return `
exec 5< <(
  exec <&3 3<&- 2>/dev/null
  while IFS= read -r -t ${silenceMs / 1000} line; do ${onLine}; done
  trap '' TERM
  ${end}
) || { ${end}; exit 1; }
watchdog=$!
exec 3<&- 4>&-
{ wait "$child"; code=$?
  while kill "$watchdog"; read -r -t 0.2 -u 5; (( $? > 128 )); do :; done; } 2>/dev/null
${atEnd}
exit "$code"`;
}

/**
 * What is written to `loginCommand`: two NUL-terminated records, then a line for as long as the client lives.
 * The second record is the script; half a script is never run. When standard input ends, or is silent for
 * `silenceMs`, the script's whole session is ended: without a PTY sshd ends nothing.
 */
export function conversationOf(script: string, silenceMs: number): string {
  const boot = `set +o posix
${PROCESS_FUNCTIONS}
printf '\\1tidemark uid=%d\\n' "$EUID"
(( EUID == 0 )) || exit 1
IFS= read -r -d '' script || exit 1
exec 3<&0 </dev/null
printf '%s\\0' "$script" | setsid bash -c 'IFS= read -r -d "" script; exec </dev/null; eval "$script"' tidemark 3<&- &
child=$!${watched(silenceMs)}
`;
  return `${boot}\0${SCRIPT_HEAD}${script}\0`;
}

/**
 * As `conversationOf`, for a script whose standard input is what `uploadOf` brings by a second channel. The watchdog holds the
 * pipe between them open and lets go only at the line "end": when the link dies, the script is killed and never sees an end. The
 * mark is given by whoever reads the pipe, once it has it open: given everything and its end before, it would wait for ever.
 */
export function receivingConversationOf(script: string, pipe: string, silenceMs: number): string {
  const boot = `set +o posix
${PROCESS_FUNCTIONS}
(( EUID == 0 )) || { printf '\\1tidemark uid=%d\\n' "$EUID"; exit 1; }
IFS= read -r -d '' script || exit 1
( umask 077; mkfifo ${pipe} ) || exit 1
exec 3<&0 4<>${pipe} </dev/null
printf '%s\\0' "$script" | setsid bash -c 'IFS= read -r -d "" script; exec <"$1"; printf "\\1tidemark uid=0\\n"; eval "$script"' tidemark ${pipe} 3<&- 4>&- &
child=$!${watched(silenceMs, { onLine: '[[ $line != end ]] || exec 4>&-', atEnd: `rm -f ${pipe}` })}
`;
  return `${boot}\0${SCRIPT_HEAD}${script}\0`;
}

/**
 * What is written to `loginCommand` on the second channel; the bytes follow that the script is given, as the filter gives them out. Opened
 * for reading first: nobody may read the pipe any more, and opening it for writing alone would then wait for ever. Where it is gone, opening
 * makes a file.
 */
export function uploadOf(pipe: string, filter = 'cat'): string {
  return `${SCRIPT_HEAD}umask 077
exec 8<>${pipe} 9>${pipe} 8>&-
[[ -p /proc/self/fd/9 ]] || { rm -f ${pipe}; exit 1; }
{ ${filter}
} >&9\0`;
}
