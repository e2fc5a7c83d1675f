import { sh } from '#activities/hosts/script.ts';
import type { Service } from '../service.ts';
import type { Dialect } from './dialect.ts';
import type { Server } from './server-grammar.ts';

/**
 * The systemd unit that the server was seen in, else the init script, if the configuration that it reads names this data directory.
 * Whether it runs is told by the locks that it holds on its tablespaces from its start to its very end, whatever became of its pid file.
 */
export function serviceOf({ server: grammar }: Dialect, server: Server): Service {
  return {
    dataDirectory: server.dataDirectory,
    waysToStart: `no systemd unit, no init script ${grammar.serviceNames.join(' or ')} whose server has this data directory`,
    functions: `${sh`data=${server.dataDirectory} unit=${server.unit}
script_name() {
  local name
  for name in ${grammar.serviceNames}; do
    if [ -x "/etc/init.d/$name" ]; then echo "$name"; return; fi
  done
}
configured_data() {
  local path; path=$(my_print_defaults ${grammar.optionGroups} 2>/dev/null | sed -n 's/^--datadir=//p' | tail -n 1)
  realpath -m -- "\${path:-/var/lib/mysql}"
}
`}by_systemd() { [ -n "$unit" ] && [ -d /run/systemd/system ]; }
control() {
  cd /
  if by_systemd; then systemctl "$1" "$unit"; return; fi
  if service "$(script_name)" "$1"; then return; fi
  [ "$1" = stop ] || return 1
  # Debian's script cannot log in where root has a password
  local pid; pid=$(holder)
  case "$(cat "/proc/$pid/comm" 2>/dev/null)" in ${grammar.processNames.join('|')}) kill -TERM "$pid" ;; esac
}
can_be_started() { by_systemd || { [ -n "$(script_name)" ] && [ "$(configured_data)" = "$data" ]; }; }
holder() {
  local file inode
  for file in ${grammar.lockedFiles.join(' ')}; do
    inode=$(stat -c %i -- "$data/$file" 2>/dev/null) || continue
    awk -v end=":$inode" '$2 != "->" && substr($6, length($6) - length(end) + 1) == end { print $5 }' /proc/locks
  done | head -n 1
}
is_running() { [ -n "$(holder)" ]; }`,
  };
}
