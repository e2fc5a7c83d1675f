import { quote, raw, sh } from '#activities/hosts/script.ts';
import { homeOf } from '../home.ts';
import type { EngineContext, RestoreRequest } from '../port.ts';
import type { Service } from '../service.ts';
import { serviceFunctions } from '../service.ts';
import type { Place } from './places.ts';
import { freshOf, markerFile, setAsideOf } from './places.ts';

/** What an engine gives to the exchange of directories. */
export interface Exchange {
  readonly service: Service;
  /** The data directory first. */
  readonly places: readonly Place[];
  /**
   * Shell functions: `is_serving`, the server answers as a primary; `is_starting`, it says that it
   * still recovers; `settle DIR`, gives the restored data directory what it is to
   * start with; `note_end`, called right before the former server is stopped; `end_private`, ends a private instance on `$fresh_data`, which may take a moment to be gone.
   */
  readonly functions: string;
  /** Files and directories that go with the restore. */
  readonly leftovers: readonly string[];
}

/**
 * Shell functions over the places of a restore. The marker in a directory says that it is the restored one. The live
 * data directory moves out first and the other one moves in last, each on disk before the next: at no moment could a server start on a
 * mixture, also after a power cut.
 */
export function exchangeFunctions(context: EngineContext, request: RestoreRequest, exchange: Exchange): string {
  const { service, places } = exchange;
  const [data = { live: service.dataDirectory }, ...others] = places;
  const each = (of: readonly Place[], line: (place: Place) => string): string => of.map(line).join('\n');
  return `${serviceFunctions(service)}
${sh`id=${request.restoreId} live_data=${data.live} fresh_data=${freshOf(data)} former_data=${setAsideOf(data)}
is_marked() { [ "$(cat "$1/${raw(markerFile)}" 2>/dev/null)" = "$id" ]; }
is_restored() { is_marked "$live_data"; }
# One script at a time; the server that it starts must not inherit the lock.
alone() { exec 9>${homeOf(context.database.id)}/exchange; flock 9; }
start_server() { is_running || control start 9>&-; }
`}
take() { # live, fresh, former
  if is_marked "$1"; then return; fi
  is_marked "$2"
  if [ -e "$1" ]; then mv -T -- "$1" "$3"; fi
  mv -T -- "$2" "$1"
}
give_back() { # live, fresh, former
  if [ ! -e "$3" ]; then return; fi
  if [ -e "$1" ]; then mv -T -- "$1" "$2"; fi
  mv -T -- "$3" "$1"
}
to_restored() {
  if is_restored; then return; fi
  is_marked "$fresh_data"
  wait_until_free "$fresh_data"
  settle "$fresh_data"
${each(places, (place) => `  same_label ${triple(place)}`)}
  sync; stays_stopped
  if [ -e "$live_data" ]; then mv -T -- "$live_data" "$former_data"; fi
${each(others, (place) => `  sync; take ${triple(place)}; sync`)}
  mv -T -- "$fresh_data" "$live_data"
  sync
}
to_former() {
  if [ -e "$former_data" ] && [ -e "$live_data" ]; then mv -T -- "$live_data" "$fresh_data"; fi
${each(others, (place) => `  sync; give_back ${triple(place)}; sync`)}
  if [ -e "$former_data" ]; then mv -T -- "$former_data" "$live_data"; fi
  sync
}
needs_former() {
${each(places, (place) => sh`  if [ -e ${setAsideOf(place)} ]; then return 0; fi`)}
  return 1
}
remove_former() {
  wait_until_free "$former_data"
  # under this name nobody takes half of it for the former data
  if [ -e "$former_data" ]; then rm -rf --one-file-system -- "$former_data".gone; mv -T -- "$former_data" "$former_data".gone; fi
  rm -rf --one-file-system -- "$former_data".gone
${each(others, (place) => sh`  rm -rf --one-file-system -- ${setAsideOf(place)}`)}
${each(places.toReversed(), (place) => sh`  rm -f -- ${place.live}/${raw(markerFile)}`)}
}
remove_fresh() {
  wait_until_free "$fresh_data"
${each(places, (place) => sh`  rm -rf --one-file-system -- ${freshOf(place)}`)}
}
${sameLabel}${staysStopped}${waitUntilServing}${exchange.functions}
`;
}

/** A directory gets the label of where it was made, which may be none that the server may write to. */
const sameLabel = `same_label() { # live, fresh
  if [ ! -e "$1" ] || [ ! -e "$2" ] || ! command -v selinuxenabled >/dev/null || ! selinuxenabled; then return 0; fi
  [ "$(stat -c %C -- "$1")" != "$(stat -c %C -- "$2")" ] || return 0 # also where a filesystem has one label for all
  chcon -R --reference="$1" -- "$2"
}
`;

/** Whatever keeps a server up would find other data under it. */
const staysStopped = `stays_stopped() {
  if is_running; then echo 'something started the server again, which failed the exchange: a supervisor?'; return 1; fi
}
`;

const waitUntilServing = `wait_until_serving() {
  local try=0
  # one that says that it recovers is waited for, however long that takes
  while [ $((try += 1)) -le 1200 ] || is_starting; do
    if is_serving; then return 0; fi
    if [ "$try" -gt 20 ] && ! is_running; then return 1; fi
    sleep 0.5
  done
  return 1
}
`;

function triple(place: Place): string {
  return [place.live, freshOf(place), setAsideOf(place)].map(quote).join(' ');
}
