#!/usr/bin/env bash
# Runs every fuzz target of the module for a time, one after another, and prints a table.
#   fuzz.sh DURATION [REGEXP OF NAMES]
# Exit status 1 if a target failed; go test has then written the input to testdata/fuzz of its package.
set -uo pipefail
cd "$(dirname "$0")/../.."

duration=${1:?usage: fuzz.sh DURATION [REGEXP]}
only=${2:-.}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

targets=$(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+\(' . |
	sed -E 's|/[^/]*_test\.go:[0-9]+:func (Fuzz[A-Za-z0-9_]+)\($| \1|' |
	grep -v '^\./test/tools' | LC_ALL=C sort | awk -v only="$only" '$2 ~ only')
if [ -z "$targets" ]; then
	echo "no fuzz target matches $only"
	exit 1
fi

failed=0
row='%-34s %-28s %12s %10s  %s\n'
printf "$row" PACKAGE TARGET EXECS CORPUS RESULT
while read -r package target; do
	result=ok
	if ! go test "$package" -run='^$' -fuzz="^$target\$" -fuzztime="$duration" >"$log" 2>&1; then
		result=FAILED
		failed=1
	fi
	last=$(grep -E '^fuzz: elapsed.* execs:' "$log" | tail -n 1)
	execs=$(sed -nE 's/.* execs: ([0-9]+).*/\1/p' <<<"$last")
	corpus=$(sed -nE 's/.*\(total: ([0-9]+)\).*/\1/p' <<<"$last")
	printf "$row" "$package" "$target" "${execs:--}" "${corpus:--}" "$result"
	[ "$result" = ok ] || sed 's/^/    /' "$log" | tail -n 40
done <<<"$targets"
exit "$failed"
