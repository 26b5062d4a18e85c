#!/usr/bin/env bash
# Installs the Debian packages that running or testing needs and that are not there yet; without root it says which.
# usage: system-packages.sh run|test
set -euo pipefail
case "${1:-}" in
  run) wanted=(libgl1 libglib2.0-0 libpango-1.0-0 libpangoft2-1.0-0) ;;
  test) wanted=(libgl1 libglib2.0-0 libpango-1.0-0 libpangoft2-1.0-0 chromium postgresql redis-server) ;;
  *) echo "usage: $0 run|test" >&2; exit 2 ;;
esac
command -v dpkg-query >/dev/null || { echo "This is not Debian. Please install what corresponds to: ${wanted[*]}" >&2; exit 0; }
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ]; then
  apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${missing[@]}" >/dev/null
elif [ "$1" = run ]; then
  echo "Some features need system packages that are missing. As root: apt-get install ${missing[*]}" >&2
else
  echo "The tests need system packages that are missing. As root: apt-get install ${missing[*]}" >&2
  exit 1
fi
