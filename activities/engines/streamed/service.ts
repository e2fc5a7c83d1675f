import { sh } from '#activities/hosts/script.ts';
import type { Service } from '../service.ts';
import type { Dialect } from './dialect.ts';
import type { Server } from './server-grammar.ts';
import { alternatives } from './server.ts';

/** The systemd unit that the server was seen in, else the init script, if the configuration that it reads names this data directory. */
export function serviceOf({ server: grammar }: Dialect, server: Server): Service {
  return {
    dataDirectory: server.dataDirectory,
    waysToStart: `no systemd unit, no init script ${grammar.serviceNames.join(' or ')} whose server has this data directory`,
    functions: `${sh`data=${server.dataDirectory} unit=${server.unit} pid_file=${server.pidFile}
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
  if by_systemd; then systemctl "$1" "$unit"; else service "$(script_name)" "$1"; fi
}
can_be_started() { by_systemd || { [ -n "$(script_name)" ] && [ "$(configured_data)" = "$data" ]; }; }
is_running() {
  local pid; pid=$(cat "$pid_file" 2>/dev/null) || return 1
  [ -n "$pid" ] || return 1
  case "$(cat "/proc/$pid/comm" 2>/dev/null)" in ${alternatives(grammar.processNames)}) return 0 ;; esac
  return 1
}`,
  };
}
