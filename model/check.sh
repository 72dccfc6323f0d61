#!/bin/sh
# Checks the model of the protocol with Spin: all states of both variants, then the weakened ones, which must fail.
# `check.sh quick` leaves out the weakened ones. See README.md.
set -eu

model=$(cd "$(dirname "$0")" && pwd)/leadership.pml
if ! command -v spin >/dev/null || ! command -v cc >/dev/null; then
  if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
  $sudo apt-get install -y --no-install-recommends spin gcc libc6-dev
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failed=0

# explore EXPECTED OPTION...: explores all states; EXPECTED is `holds` or `fails`.
explore() {
  expected=$1
  shift
  spin "$@" -a "$model" >spin.log || { cat spin.log; exit 1; }
  cc -O2 -w -DCOLLAPSE -DMEMLIM=8000 -o pan pan.c
  ./pan -a -m100000 >pan.log
  states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' pan.log)
  found=$(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' pan.log)
  if grep -q 'errors: 0' pan.log && ! grep -qE 'out of memory|max search depth too small' pan.log; then
    outcome=holds
  elif [ -n "$found" ]; then
    outcome=fails
  else
    outcome=incomplete
  fi
  if [ "$outcome" = "$expected" ]; then mark=ok; else mark=FAILED failed=1; fi
  echo "$mark  $outcome  $states states  $*  $found"
}

explore holds -DOUTBOX=0 -DLOST=1
explore holds -DOUTBOX=1 -DLOST=1 -DEXPIRIES=0
explore holds -DOUTBOX=1 -DLOST=0
[ "${1:-}" = quick ] && exit $failed

explore fails -DNO_TOKEN_CHECK=1 -DLOST=1 -DCRASHES=0
explore fails -DNO_STATE_CHECK=1 -DLOST=1 -DCRASHES=0 -DEXPIRIES=0
explore fails -DNO_REV=1 -DLOST=1 -DCRASHES=0 -DEXPIRIES=0
explore fails -DREDECIDE=1 -DLOST=1 -DCRASHES=0 -DEXPIRIES=0
explore fails -DNO_RETRY=1 -DLOST=1 -DCRASHES=0 -DEXPIRIES=0
explore fails -DNO_EXPIRY=1 -DLOST=0 -DEXPIRIES=0
explore fails -DOUTBOX=1 -DREMOVE_FIRST=1 -DLOST=0 -DEXPIRIES=0
explore fails -DOUTBOX=1 -DNO_DRAIN=1 -DLOST=0 -DEXPIRIES=0
explore fails -DOUTBOX=1 -DNO_NOTICE=1 -DLOST=1 -DCRASHES=0 -DEXPIRIES=0
exit $failed
