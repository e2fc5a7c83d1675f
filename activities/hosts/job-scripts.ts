import { PROCESS_FUNCTIONS, SCRIPT_HEAD } from './remote-shell.ts';
import { raw, sh } from './script.ts';

const BASE = '/run/tidemark';
const LOG_TAIL_BYTES = 64 * 1024;

/** Files: `script`, `pid` ("pid starttime"), `log`, `exit` ("running", then "exited CODE"). All root's, 0600 in 0700. */
function jobFolder(scope: string, id: string): string {
  return `${scopeFolder(scope)}/${checkedName(id)}`;
}

/**
 * Starts the job unless its folder is there. The folder comes into being whole, by one rename: it is the lock.
 * No `nice` and no umask for the job: a database server that it starts would inherit them.
 */
export function startScript(scope: string, id: string, script: string): string {
  return sh`
scope=${scopeFolder(scope)} dir=${jobFolder(scope, id)}
if [[ ! -d $dir ]]; then
  new=$scope/.new.$$
  ( umask 077
    for try in 1 2 3 4 5; do mkdir -p "$new" 2>/dev/null && break; done
    printf %s ${raw(literal(SCRIPT_HEAD + script))} >"$new/script"
    echo running >"$new/exit"
    : >"$new/log" )
  if mv -T "$new" "$dir" 2>/dev/null; then
    setsid bash -c ${raw(literal(RUNNER))} tidemark-job "$dir" </dev/null >/dev/null 2>&1 &
  else
    rm -rf "$new"
  fi
fi
`;
}

/**
 * Watches the job for up to `seconds`. Prints "running", "lost", "missing" or "exited CODE"; after "lost" and "exited" the log's end.
 * The files are opened at once, so that a second watcher reads the result even if the first has removed the folder.
 * A result without its line end is not yet written.
 */
export function lookScript(scope: string, id: string, seconds: number): string {
  return sh`
${raw(PROCESS_FUNCTIONS)}
dir=${jobFolder(scope, id)} pid= start= gone=
{ exec 7<"$dir/exit" 8<"$dir/log"; } 2>/dev/null || { echo missing; exit 0; }
for ((tries = 0; tries < ${raw(String(Math.ceil(seconds / 0.3)))} || (tries < 18 && !pid); tries++)); do
  if read -r state code </proc/self/fd/7 && [[ $state == exited ]]; then gone="exited $code"; fi
  if [[ $gone ]]; then echo "$gone"; tail -c ${LOG_TAIL_BYTES} <&8; exit 0; fi
  [[ $pid ]] || { read -r pid start <"$dir/pid"; } 2>/dev/null || :
  if [[ $pid ]]; then is_running "$pid" "$start" || gone=lost; elif ((tries >= 16)); then gone=lost; fi
  [[ $gone ]] || sleep 0.3
done
echo running
`;
}

/** Ends what the job left running, unless it came to its own end, and removes its folder. */
export function removeScript(scope: string, id: string): string {
  return sh`
${raw(REMOVE_FUNCTIONS)}
remove_job ${jobFolder(scope, id)}
rmdir ${scopeFolder(scope)} ${BASE} 2>/dev/null || :
`;
}

/** Prints the ids of the jobs that it ended and removed. Hidden folders are half-made or half-removed jobs of dead links. */
export function sweepScript(scope: string, keep: readonly string[]): string {
  return sh`
${raw(REMOVE_FUNCTIONS)}
scope=${scopeFolder(scope)}
for dir in "$scope"/*/; do
  id=$(basename "$dir")
  [[ -d $dir ]] || continue
  for kept in ${keep.map(checkedName)}; do [[ $kept != "$id" ]] || continue 2; done
  remove_job "$scope/$id"
  printf '%s\n' "$id"
done
for dir in $(find "$scope" -mindepth 1 -maxdepth 1 -name '.*' -mmin +1 2>/dev/null); do remove_job "$dir"; done
rmdir "$scope" ${BASE} 2>/dev/null || :
`;
}

/**
 * The head of a script that streams: what an earlier one of the same name left is ended, then the script's own session is
 * registered as a job is. At its end, well or not, the function `clean_up` is called where the script has one, what it left
 * running is ended, and the registration is removed. A SIGTERM of `end_session` must not end the ending: one that comes when the
 * script has just ended by itself begins it anew, for an `exit` in its place would leave the EXIT trap half done; later ones
 * are not heard. Nor must what bash says of its killed children when nobody reads its errors any more (SIGPIPE). One that comes
 * during the registration waits until that is whole: an orphan of it could still lay down what has just been removed.
 */
export function streamHead(scope: string, id: string): string {
  return sh`
${raw(REMOVE_FUNCTIONS)}
stream_dir=${jobFolder(scope, id)} stream_scope=${scopeFolder(scope)} registered= stopped=
end_stream() {
  local code=$1 member
  trap '' TERM
  trap - EXIT
  for member in $(session_members $$); do [[ $member == $$ || $member == "$BASHPID" ]] || kill -TERM "$member" 2>/dev/null || :; done
  if declare -F clean_up >/dev/null; then clean_up || code=$?; fi
  rm -rf "$stream_scope/.new.$$"
  [[ ! $registered ]] || rm -rf "$stream_dir"
  rmdir "$stream_scope" ${BASE} 2>/dev/null || :
  exit "$code"
}
trap 'end_stream $?' EXIT
trap 'stopped=1' TERM
trap : PIPE
[[ ! -d $stream_dir ]] || remove_job "$stream_dir"
( trap '' TERM
  umask 077
  for try in 1 2 3 4 5; do mkdir -p "$stream_scope/.new.$$" 2>/dev/null && break; done
  echo running >"$stream_scope/.new.$$/exit"
  : >"$stream_scope/.new.$$/log"
  echo "$$ $(process_start $$)" >"$stream_scope/.new.$$/pid" )
registered=1
mv -T "$stream_scope/.new.$$" "$stream_dir"
trap 'end_stream 143' TERM
[[ ! $stopped ]] || end_stream 143
`;
}

/** `set -C` lets only one runner own the folder. The result overwrites a file that has its page: it is told even when /run is full. */
const RUNNER = `
${PROCESS_FUNCTIONS}
set -C
( umask 077; echo "$$ $(process_start $$)" >"$1/pid" ) || exit 1
bash "$1/script" </dev/null >>"$1/log" 2>&1
echo "exited $?" 1<>"$1/exit"
`;

/**
 * A dead leader may have left its session alive; its number is then still taken. A living process of another start time
 * proves that the number was given anew, and the session gone. The second end_job catches a runner that was just starting.
 */
const REMOVE_FUNCTIONS = `
${PROCESS_FUNCTIONS}
end_job() {
  local state= code= pid= start= now
  { read -r state code <"$1/exit"; } 2>/dev/null || :
  [[ $state != exited ]] || return 0
  { read -r pid start <"$1/pid"; } 2>/dev/null || return 0
  now=$(process_start "$pid")
  [[ $now && $now != "$start" ]] || end_session "$pid" 100
}
remove_job() {
  local gone="\${1%/*}/.gone.$$"
  end_job "$1"
  { mv -T "$1" "$gone"; } 2>/dev/null || return 0
  end_job "$gone"
  rm -rf "$gone"
}
`;

function scopeFolder(scope: string): string {
  return `${BASE}/${checkedName(scope)}`;
}

function checkedName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) throw new Error(`not a job's name: ${JSON.stringify(name.slice(0, 40))}`);
  return name;
}

/** A text of several lines as one bash word; `quote` is for values and refuses line ends. */
function literal(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
